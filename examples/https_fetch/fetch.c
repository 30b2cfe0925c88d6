/* fetch.c: a URL's answer on the console, and what came of it as the exit status. */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <stdio.h>

/* Exit statuses. */
enum {
	FINE,         /* an answer below 400 */
	REFUSED,      /* one of 400 or more */
	BAD_REQUEST,  /* the URL, or what else was asked for */
	NO_NAME,      /* the host's name is unknown */
	NO_ANSWER,    /* no connection, or it broke, or the time was up */
	NOT_TRUSTED,  /* the server is not known to be who it should be */
	BAD_PROTOCOL, /* what came is no HTTP, or no TLS */
	OTHER
};

static int status_of(int rc)
{
	switch (rc) {
	case MIR_EINVAL:
	case MIR_ENOSYS: return BAD_REQUEST;
	case MIR_ENOENT: return NO_NAME;
	case MIR_ECONNREFUSED:
	case MIR_ECONNRESET:
	case MIR_EHOSTUNREACH:
	case MIR_ENETUNREACH:
	case MIR_ETIMEDOUT: return NO_ANSWER;
	case MIR_ECERT:
	case MIR_ECERTTIME:
	case MIR_ECERTNAME:
	case MIR_ECERTUSE:
	case MIR_ECERTREVOKED: return NOT_TRUSTED;
	case MIR_EPROTO:
	case MIR_ELIMIT: return BAD_PROTOCOL;
	default: return OTHER;
	}
}

static void print(struct mir_console *console, const void *text, size_t len)
{
	const char *p = text;

	while (len) {
		int64_t n = mir_console_write(console, p, len);

		if (n < 0 || (n == 0 && mir_sleep(MIR_MS(1)) < 0))
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void print_head(struct mir_console *console, const struct mir_http_answer *a)
{
	mir_console_printf(console, "%s\n%u%s%s%s\n", a->url, a->status, a->tls_version ? " " : "",
	    a->tls_version ? a->tls_version : "", a->http2 ? " HTTP/2" : "");
	for (unsigned i = 0; i < a->nheaders; i++)
		mir_console_printf(console, "%.*s: %.*s\n", (int)a->headers[i].name.len,
		    a->headers[i].name.p, (int)a->headers[i].value.len, a->headers[i].value.p);
	mir_console_printf(console, "\n");
}

/* "Name: value" of the boot argument. */
static bool split_header(const char *text, struct mir_http_header *out)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return false;
	out->name = (struct mir_str){ text, (size_t)(colon - text) };
	out->value = mir_str(colon + 1 + strspn(colon + 1, " "));
	return true;
}

/* The body to send: once whole. */
static int data(void *arg, struct mir_slice *out, unsigned max)
{
	const char **text = arg;
	size_t len = strlen(*text);

	(void)max;
	if (!len)
		return 0;
	out[0] = mir_slice_static(*text, len);
	*text += len;
	return 1;
}

static int fetch(const struct app *app)
{
	const char *text = app->keys.data;
	struct mir_http_header header;
	struct mir_http_fetch f = { .method = app->keys.method,
		.redirects = (unsigned)app->keys.redirects };
	struct mir_http_answer *a;
	struct mir_slice s;
	int rc, status;

	if (app->keys.header[0]) {
		if (!split_header(app->keys.header, &header))
			return MIR_EINVAL;
		f.headers = &header;
		f.nheaders = 1;
	}
	if (text[0]) {
		f.body = data;
		f.body_arg = &text;
		f.body_length = (int64_t)strlen(text);
	}
	rc = mir_http_fetch(app->http_client, app->keys.url, &f, &a);
	if (rc < 0)
		return rc;
	if (app->keys.head)
		print_head(app->console, a);
	while ((rc = mir_http_answer_read(a, &s, 1)) > 0) {
		print(app->console, s.p, s.len);
		mir_slice_unref(&s);
	}
	status = a->status < 400 ? FINE : REFUSED;
	mir_http_answer_close(a);
	return rc < 0 ? rc : status;
}

int fetch_main(const struct app *app)
{
	int rc = FINE;

	for (int64_t i = 0; i < app->keys.count && rc >= 0; i++)
		rc = fetch(app);
	if (rc >= 0)
		return rc;
	mir_console_printf(app->console, "https_fetch: %s: %s\n", app->keys.url, mir_strerror(rc));
	return status_of(rc);
}
