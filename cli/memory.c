/* memory.c: the pool that all strings and tables of the tool live in. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define CHUNK_SIZE 65536u

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char bytes[];
};

static struct chunk *pool;

static struct chunk *chunk_new(size_t size)
{
	struct chunk *c = size <= SIZE_MAX - sizeof *c ? calloc(1, sizeof *c + size) : NULL;

	if (!c) {
		fputs("mirage: error: out of memory\n", stderr);
		exit(1);
	}
	c->size = size;
	return c;
}

void *mem_new(size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *c = pool;
	void *p;

	if (size > SIZE_MAX - align)
		c = chunk_new(SIZE_MAX);
	size = (size + align - 1) / align * align;
	if (size > CHUNK_SIZE / 4) {
		/* A big one gets a chunk of its own, behind the one in use. */
		c = chunk_new(size);
		c->used = size;
		if (pool) {
			c->next = pool->next;
			pool->next = c;
		} else {
			pool = c;
		}
		return c->bytes;
	}
	if (!c || c->size - c->used < size) {
		c = chunk_new(CHUNK_SIZE);
		c->next = pool;
		pool = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

char *mem_strn(const char *s, size_t n)
{
	char *p = mem_new(n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *mem_str(const char *s)
{
	return mem_strn(s, strlen(s));
}

char *mem_fmt(const char *fmt, ...)
{
	struct text t = { 0 };
	va_list ap;

	va_start(ap, fmt);
	text_addv(&t, fmt, ap);
	va_end(ap);
	return t.s ? t.s : mem_str("");
}

void *mem_grow(void *array, size_t n, size_t *cap, size_t element)
{
	size_t wanted = *cap ? *cap * 2 : 8;
	void *p;

	if (n < *cap)
		return array;
	p = mem_new(wanted * element);
	if (*cap)
		memcpy(p, array, *cap * element);
	*cap = wanted;
	return p;
}

void mem_release(void)
{
	while (pool) {
		struct chunk *next = pool->next;

		free(pool);
		pool = next;
	}
}
