/* input.c: what has come over a flow and is not used yet, as it came. */
#include "internal.h"

int mir_http_fill(struct mir_http_input *in, int64_t deadline)
{
	int64_t outer = mir_deadline_set(deadline);
	int rc = mir_flow_read(in->flow, in->s + in->n, MIR_HTTP_IN - in->n);

	mir_deadline_restore(outer);
	if (rc > 0)
		in->n += (unsigned)rc;
	return rc;
}

void mir_http_input_drop(struct mir_http_input *in, size_t n)
{
	unsigned gone = 0;

	while (gone < in->n && n >= in->s[gone].len) {
		n -= in->s[gone].len;
		mir_slice_unref(&in->s[gone++]);
	}
	in->n -= gone;
	memmove(in->s, in->s + gone, in->n * sizeof(in->s[0]));
	if (in->n) {
		in->s[0].p += n;
		in->s[0].len -= n;
	}
}

/* Joins the first two slices, as far as a head may reach. */
static int merge(struct mir_http_input *in, size_t max)
{
	size_t a = in->s[0].len, b = MIR_MIN(in->s[1].len, max - a);
	uint8_t *p;
	struct mir_mem *mem = mir_mem_new(a + b, &p);

	if (!mem)
		return MIR_ENOMEM;
	memcpy(p, in->s[0].p, a);
	memcpy(p + a, in->s[1].p, b);
	mir_slice_unref(&in->s[0]);
	in->s[0] = (struct mir_slice){ p, a + b, mem };
	in->s[1].p += b;
	in->s[1].len -= b;
	if (in->s[1].len == 0) {
		mir_slice_unref(&in->s[1]);
		in->n--;
		memmove(in->s + 1, in->s + 2, (in->n - 1) * sizeof(in->s[0]));
	}
	return 0;
}

int64_t mir_http_input_head(struct mir_http_input *in, struct mir_http_scan *scan, size_t max)
{
	int64_t len = 0;

	while (in->n) {
		len = mir_http_scan(scan, in->s[0].p, in->s[0].len, max);
		if (len || in->n == 1)
			break;
		if (merge(in, max) < 0)
			return -503;
	}
	return len;
}

unsigned mir_http_input_take(
    struct mir_http_input *in, struct mir_slice *out, unsigned max, int64_t *left)
{
	unsigned n = 0;

	while (n < max && n<in->n && * left> 0) {
		size_t len = (size_t)MIR_MIN((int64_t)in->s[n].len, *left);

		out[n] = mir_slice_sub(&in->s[n], 0, len);
		*left -= (int64_t)len;
		n++;
	}
	mir_http_input_drop(in, mir_slices_len(out, n));
	return n;
}
