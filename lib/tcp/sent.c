/* sent.c: records of what is in flight. */
#include "sent.h"

#include <stdlib.h>

enum { FIRST = 8 };

static uint64_t size_of(uint32_t cap)
{
	return sizeof(struct mir_tcp_sent) + cap * sizeof(struct mir_tcp_record);
}

int mir_tcp_sent_reserve(struct mir_tcp_sent **at, struct mir_budget *b, uint32_t n, uint32_t una)
{
	struct mir_tcp_sent *old = *at, *s;
	uint32_t cap = old ? old->cap : FIRST, need = (old ? old->n : 0) + n;

	if (old && need <= cap)
		return 0;
	if (need > MIR_TCP_SENT_MAX)
		return MIR_ENOMEM;
	while (cap < need)
		cap *= 2;
	if (cap > FIRST && b->used + size_of(cap) > b->limit / 16 * 15)
		return MIR_ENOMEM;
	if (!mir_budget_take(b, size_of(cap)))
		return MIR_ENOMEM;
	s = malloc(size_of(cap));
	if (!s) {
		mir_budget_give(b, size_of(cap));
		return MIR_ENOMEM;
	}
	if (!old) {
		*s = (struct mir_tcp_sent){ .reorder_at = MIR_NEVER };
		s->end = s->lost_from = s->fack = una;
	} else {
		*s = *old;
	}
	s->cap = cap;
	for (uint32_t i = 0; i < s->n; i++)
		*mir_tcp_sent_at(s, i) = *mir_tcp_sent_at(old, i);
	mir_tcp_sent_free(at, b);
	*at = s;
	return 0;
}

uint64_t mir_tcp_sent_charged(const struct mir_tcp_sent *s)
{
	return s ? size_of(s->cap) : 0;
}

void mir_tcp_sent_free(struct mir_tcp_sent **at, struct mir_budget *b)
{
	if (!*at)
		return;
	mir_budget_give(b, size_of((*at)->cap));
	free(*at);
	*at = NULL;
}

/* Into the chain, behind all that were sent before it. */
static void chain(struct mir_tcp_sent *s, uint32_t index)
{
	struct mir_tcp_record *r = mir_tcp_sent_slot(s, index);
	uint32_t left = s->waiting, at = s->newest, after = s->newest;

	while (left > 0 && r->sent_at < mir_tcp_sent_slot(s, at)->sent_at) {
		after = at;
		at = mir_tcp_sent_slot(s, at)->prev;
		left--;
	}
	r->prev = at;
	r->next = after;
	if (left == s->waiting)
		s->newest = index;
	else
		mir_tcp_sent_slot(s, after)->prev = index;
	if (left == 0)
		s->oldest = index;
	else
		mir_tcp_sent_slot(s, at)->next = index;
	s->waiting++;
}

static bool is_chained(const struct mir_tcp_record *r)
{
	return !(r->flags & (MIR_TCP_SACKED | MIR_TCP_LOST));
}

static void unchain(struct mir_tcp_sent *s, uint32_t index)
{
	struct mir_tcp_record *r = mir_tcp_sent_slot(s, index);

	if (index == s->oldest)
		s->oldest = r->next;
	else
		mir_tcp_sent_slot(s, r->prev)->next = r->next;
	if (index == s->newest)
		s->newest = r->prev;
	else
		mir_tcp_sent_slot(s, r->next)->prev = r->prev;
	s->waiting--;
}

/* Takes the record out of the sums and the chain. */
static void leave(struct mir_tcp_sent *s, uint32_t i)
{
	struct mir_tcp_record *r = mir_tcp_sent_at(s, i);
	uint32_t len = mir_tcp_sent_end(s, i) - r->from;

	if (is_chained(r))
		unchain(s, s->head + i);
	if (r->flags & MIR_TCP_SACKED)
		s->sacked -= len;
	if (r->flags & MIR_TCP_LOST)
		s->lost -= len;
	r->flags &= (uint8_t) ~(MIR_TCP_SACKED | MIR_TCP_LOST);
}

void mir_tcp_sent_add(struct mir_tcp_sent *s, uint32_t to, int64_t now)
{
	uint32_t index = s->head + s->n++;

	*mir_tcp_sent_slot(s, index) = (struct mir_tcp_record){ .sent_at = now, .from = s->end };
	s->end = to;
	chain(s, index);
}

void mir_tcp_sent_pop(struct mir_tcp_sent *s)
{
	leave(s, 0);
	s->head++;
	s->n--;
}

void mir_tcp_sent_cut(struct mir_tcp_sent *s, uint32_t una)
{
	struct mir_tcp_record *r = mir_tcp_sent_at(s, 0);

	if (r->flags & MIR_TCP_SACKED)
		s->sacked -= una - r->from;
	if (r->flags & MIR_TCP_LOST)
		s->lost -= una - r->from;
	r->from = una;
}

uint32_t mir_tcp_sent_find(struct mir_tcp_sent *s, uint32_t seq)
{
	uint32_t low = 0, high = s->n - 1;

	while (low < high) {
		uint32_t mid = (low + high + 1) / 2;

		if (mir_seq_le(mir_tcp_sent_at(s, mid)->from, seq))
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

void mir_tcp_sent_set_sacked(struct mir_tcp_sent *s, uint32_t i)
{
	leave(s, i);
	mir_tcp_sent_at(s, i)->flags |= MIR_TCP_SACKED;
	s->sacked += mir_tcp_sent_end(s, i) - mir_tcp_sent_at(s, i)->from;
	s->fack = mir_seq_max(s->fack, mir_tcp_sent_end(s, i));
}

void mir_tcp_sent_set_lost(struct mir_tcp_sent *s, uint32_t i)
{
	struct mir_tcp_record *r = mir_tcp_sent_at(s, i);

	leave(s, i);
	r->flags |= MIR_TCP_LOST;
	s->lost += mir_tcp_sent_end(s, i) - r->from;
	s->lost_from = mir_seq_min(s->lost_from, r->from);
}

void mir_tcp_sent_set_again(struct mir_tcp_sent *s, uint32_t i, int64_t now)
{
	struct mir_tcp_record *r = mir_tcp_sent_at(s, i);

	leave(s, i);
	r->flags |= MIR_TCP_AGAIN;
	r->sent_at = now;
	chain(s, s->head + i);
}

/* An index after the records behind `from` have moved up by one. */
static uint32_t moved(uint32_t index, uint32_t from, const struct mir_tcp_sent *s)
{
	return index - s->head > from - s->head ? index + 1 : index;
}

void mir_tcp_sent_split(struct mir_tcp_sent *s, uint32_t i, uint32_t at)
{
	uint32_t from = s->head + i;

	for (uint32_t j = 0; j < s->n; j++) {
		struct mir_tcp_record *r = mir_tcp_sent_at(s, j);

		r->next = moved(r->next, from, s);
		r->prev = moved(r->prev, from, s);
	}
	s->oldest = moved(s->oldest, from, s);
	s->newest = moved(s->newest, from, s);
	for (uint32_t j = s->n++; j > i; j--)
		*mir_tcp_sent_at(s, j) = *mir_tcp_sent_at(s, j - 1);
	mir_tcp_sent_at(s, i + 1)->from = at;
}

void mir_tcp_sent_lose_all(struct mir_tcp_sent *s, bool forget)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (forget || !(mir_tcp_sent_at(s, i)->flags & MIR_TCP_SACKED))
			mir_tcp_sent_set_lost(s, i);
	}
	if (forget) {
		memset(s->seen, 0, sizeof(s->seen));
		s->fack = mir_tcp_sent_at(s, 0)->from;
	}
}

void mir_tcp_sent_find_again(struct mir_tcp_sent *s)
{
	uint32_t i;

	while (mir_tcp_sent_first_lost(s, &i)) {
		leave(s, i);
		chain(s, s->head + i);
	}
}

bool mir_tcp_sent_first_lost(struct mir_tcp_sent *s, uint32_t *i)
{
	if (s->lost == 0 || s->n == 0)
		return false;
	*i = 0;
	if (mir_seq_lt(mir_tcp_sent_at(s, 0)->from, s->lost_from))
		*i = mir_tcp_sent_find(s, s->lost_from);
	while (!(mir_tcp_sent_at(s, *i)->flags & MIR_TCP_LOST))
		++*i;
	s->lost_from = mir_tcp_sent_at(s, *i)->from;
	return true;
}

const char *mir_tcp_sent_check(struct mir_tcp_sent *s)
{
	uint32_t sacked = 0, lost = 0, waiting = 0, at = s->oldest;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct mir_tcp_record *r = mir_tcp_sent_at(s, i);
		uint32_t len = mir_tcp_sent_end(s, i) - r->from;

		if ((int32_t)len <= 0)
			return "records of segments do not follow each other";
		if ((r->flags & MIR_TCP_SACKED) && (r->flags & MIR_TCP_LOST))
			return "a segment has arrived and is lost";
		if ((r->flags & MIR_TCP_LOST) && mir_seq_lt(r->from, s->lost_from))
			return "a lost segment is overlooked";
		sacked += r->flags & MIR_TCP_SACKED ? len : 0;
		lost += r->flags & MIR_TCP_LOST ? len : 0;
		waiting += is_chained(r);
	}
	if (sacked != s->sacked || lost != s->lost || waiting != s->waiting)
		return "sums of the records are wrong";
	for (uint32_t i = 0; i < s->waiting; i++) {
		const struct mir_tcp_record *r = mir_tcp_sent_slot(s, at);

		if (at - s->head >= s->n || !is_chained(r))
			return "a segment is chained that waits for nothing";
		if (i + 1 < s->waiting && mir_tcp_sent_slot(s, r->next)->sent_at < r->sent_at)
			return "segments are not chained in order of time";
		if (i + 1 == s->waiting && at != s->newest)
			return "the chain of segments has another end";
		at = r->next;
	}
	return NULL;
}
