/* answer.c: any bytes from a server to the client, whole and in pieces as the first byte says: the
 * same answer or the same failure. */
#include <mir/http_client.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *input;
static size_t input_len, at, step;

static int fake_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	size_t n = MIR_MIN(step ? step : input_len, input_len - at);

	(void)f;
	(void)max;
	if (!n)
		return 0;
	out[0] = mir_slice_copy(input + at, n);
	at += n;
	return 1;
}

static int fake_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	(void)f;
	mir_slices_unref(data, n);
	return 0;
}

static void fake_close(struct mir_flow *f)
{
	(void)f;
}

static void fake_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	(void)f;
	(void)ready;
	(void)arg;
}

static const struct mir_flow_ops ops = { .read = fake_read,
	.write = fake_write,
	.close = fake_close,
	.abort = fake_close,
	.when_readable = fake_when_readable };
static struct mir_tcp_flow flow = { .flow = { &ops } };

static int fake_connect(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	(void)t;
	(void)local;
	(void)peer;
	(void)o;
	at = 0;
	*out = &flow;
	return 0;
}

static const struct mir_tcp_ops tcp_ops = { .connect = fake_connect };
static struct mir_tcp tcp = { &tcp_ops };

static int get(char **text, size_t *len)
{
	struct mir_http_client c = { .tcp = &tcp, .max_header = 4096, .max_idle = 1 };
	unsigned status = 0;
	int rc = mir_http_get(&c, "http://10.0.0.1/a/b?c", 50000, text, len, &status);

	mir_http_client_close(&c);
	return rc < 0 ? rc : (int)status;
}

static void one(void)
{
	char *a = NULL, *b = NULL;
	size_t n = 0, m = 0, pieces = input[0] % 64 + 1;
	int x, y;

	input++;
	input_len--;
	step = 0;
	x = get(&a, &n);
	step = pieces;
	y = get(&b, &m);
	ok(x == y && (x < 0 || (n == m && memcmp(a, b, n) == 0)), "%d and %d", x, y);
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len || len > 60000)
		return 0;
	input = data;
	input_len = len;
	mir_test_fuzz(one);
	return 0;
}
