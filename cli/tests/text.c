/* text.c: strings, lists and files, and how errors look. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mir/test.h>

#include "../diag.h"
#include "../process.h"

static void strings(void)
{
	struct text t = { 0 };
	struct list l = { 0 };

	ok(str_eq(text_str(&t), ""), "an empty text");
	for (int i = 0; i < 1000; i++)
		text_addf(&t, "%d,", i);
	ok(t.len == 3890 && strlen(t.s) == t.len, "a long one: %zu", t.len);
	list_split(&l, " a, b ,, c d ,", ',');
	ok(l.n == 3 && str_eq(list_join(&l, "|"), "a|b|c d"), "split and join");
	ok(l.v[3] == NULL && list_has(&l, "b") && !list_add_new(&l, "b"), "a list");
	ok(str_eq(str_ident("9a-b.c"), "_9a_b_c"), "an identifier");
	ok(str_eq(str_sh_quote("a b'c"), "'a b'\\''c'") && str_eq(str_sh_quote("a=b"), "a=b"),
	    "a word of a shell");
	ok(str_eq(str_sh_quote(""), "''"), "an empty word");
	ok(str_distance("http-prot", "http-port") == 1, "two letters swapped");
	ok(str_distance("", "abc") == 3 && str_distance("kitten", "sitting") == 3, "distance");
	ok(str_eq(path_clean("/a/./b/../c//d"), "/a/c/d"), "a path");
	ok(str_eq(path_clean("../x/.."), "..") && str_eq(path_clean("a/.."), "."), "upwards");
	ok(str_eq(path_dir("a/b"), "a") && str_eq(path_dir("a"), ".") &&
		str_eq(path_dir("/a"), "/") && str_eq(path_base("a/b"), "b"),
	    "folder and name");
	mem_release();
}

static void files(void)
{
	char folder[] = "/tmp/mirage-text.XXXXXX";
	struct text t = { 0 };
	struct list l = { 0 };
	const char *file, *odd;

	ok(mkdtemp(folder) != NULL, "a folder");
	file = mem_fmt("%s/a/b/file", folder);
	odd = mem_fmt("%s/[x]", folder);
	ok(file_read(file, &t) == -ENOENT, "not there");
	ok(file_write(file, "one", 3) == 1, "written, with its folders");
	ok(file_write(file, "one", 3) == 0, "the same is not written");
	ok(file_write(file, "two", 3) == 1, "another is");
	ok(file_read(file, &t) == 0 && str_eq(t.s, "two"), "read");
	ok(dir_make(odd) == 0 && file_write(mem_fmt("%s/x.c", odd), "", 0) == 1, "an odd name");
	dir_glob(odd, "*.c", &l);
	ok(l.n == 1 && str_eq(l.v[0], "x.c"), "in a pattern's folder nothing is special");
	unlink(mem_fmt("%s/x.c", odd));
	rmdir(odd);
	unlink(file);
	rmdir(path_dir(file));
	rmdir(path_dir(path_dir(file)));
	ok(rmdir(folder) == 0, "nothing is left behind");
	mem_release();
}

static void reports(void)
{
	struct place at = { "x.conf", 3, 9, 4, "name: \xc3\xa9 \xc3\xbc\xc3\xbcxy" };
	struct list words = { 0 };
	size_t len = 0;
	char *said = NULL;
	FILE *f = open_memstream(&said, &len);
	unsigned before = diag_errors();

	diag_redirect(f);
	at.column = 10;
	diag_error(&at, "wrong %s", "word");
	diag_found("'%s'", "a");
	list_split(&words, "name,needs", ',');
	diag_suggest("nmae", &words);
	diag_suggest("zzzz", &words);
	fclose(f);
	diag_redirect(NULL);
	ok(str_eq(said, "x.conf:3:10: error: wrong word\n"
			"    3 | name: \xc3\xa9 \xc3\xbc\xc3\xbcxy\n"
			"      |         ^~\n"
			"  found:    'a'\n"
			"  did you mean 'name'?\n"),
	    "a report");
	ok(diag_errors() == before + 1, "is counted");
	free(said);
	mem_release();
}

static void processes(void)
{
	struct text out = { 0 }, err = { 0 };
	char *argv[] = { mem_str("sh"), mem_str("-c"), NULL, NULL };
	char *none[] = { mem_str("mirage-no-such-program"), NULL };

	argv[2] = mem_str("echo out; echo err >&2; exit 3");
	ok(process_run(argv, &out, &err) == 3, "the exit status");
	ok(str_eq(out.s, "out\n") && str_eq(err.s, "err\n"), "what it prints");
	argv[2] = mem_str("kill -9 $$");
	ok(process_run(argv, NULL, NULL) == 128 + 9, "a signal");
	ok(process_run(none, &out, NULL) == -ENOENT, "a program that is not there");
	ok(process_found("sh") && !process_found(none[0]), "found");
	mem_release();
}

int main(void)
{
	RUN_PLAIN(strings);
	RUN_PLAIN(files);
	RUN_PLAIN(reports);
	RUN_PLAIN(processes);
	return mir_test_end();
}
