/* switch.c: a websocket through the proxy: the handshake as a request, then bytes both ways. */
#include "internal.h"

#include <mir/format.h>
#include <mir/mem.h>
#include <mir/relay.h>

enum { HEAD = 32768 };

/* Appends to a head of HEAD bytes; its length grows past that if it does not fit. */
static void put(char *text, size_t *len, struct mir_str s)
{
	if (*len <= HEAD && s.len <= HEAD - *len)
		memcpy(text + *len, s.p, s.len);
	*len += s.len;
}

static int send_head(struct mir_flow *flow, const struct mir_http_upstream *u,
    const struct mir_http_request *r, bool trust)
{
	struct mir_proxy_head head;
	char at[MIR_ENDPOINT_TEXT];
	struct mir_slice s;
	uint8_t *p;
	size_t len = 4;
	int64_t n;
	int rc;

	if ((rc = mir_proxy_request_head(&head, r, trust)) < 0)
		return rc;
	if (!(s.owner = mir_mem_new(HEAD, &p)))
		return MIR_ENOMEM;
	memcpy(p, "GET ", 4);
	n = mir_proxy_target(r, (char *)p + 4, MIR_PROXY_PATH);
	len += n < 0 ? HEAD : (size_t)n;
	put((char *)p, &len,
	    mir_str(" HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHost: "));
	put((char *)p, &len, mir_str(mir_endpoint_text(&u->at, at)));
	for (unsigned i = 0; i < head.n; i++) {
		put((char *)p, &len, mir_str("\r\n"));
		put((char *)p, &len, head.field[i].name);
		put((char *)p, &len, mir_str(": "));
		put((char *)p, &len, head.field[i].value);
	}
	put((char *)p, &len, mir_str("\r\n\r\n"));
	s.p = p;
	s.len = len;
	if (len > HEAD) {
		mir_slice_unref(&s);
		return MIR_EMSGSIZE;
	}
	return mir_flow_write(flow, &s, 1);
}

/* The head of the answer; 0, with the bytes that hold it. */
static int read_head(struct mir_http_input *in, struct mir_http_head *head, struct mir_slice *bytes,
    int64_t deadline)
{
	struct mir_http_scan scan = { 0, 0 };
	int64_t len;
	int rc;

	while ((len = mir_http_input_head(in, &scan, 65536)) == 0)
		if ((rc = mir_http_fill(in, deadline)) <= 0)
			return rc ? rc : MIR_ECONNRESET;
	if (len < 0)
		return MIR_EPROTO;
	*bytes = mir_slice_sub(&in->s[0], 0, (size_t)len);
	mir_http_input_drop(in, (size_t)len);
	return mir_http_parse_answer(head, bytes->p, (size_t)len, false);
}

struct joined {
	struct mir_waitq over;
	bool is_over;
};

static void joined_done(struct mir_relay *r)
{
	struct joined *j = r->arg;

	j->is_over = true;
	mir_wake_all(&j->over);
}

/* Joins both until one has enough. */
static int join(struct mir_http_proxy *p, struct mir_flow *client, struct mir_flow *server)
{
	struct joined j = { { NULL, NULL }, false };
	struct mir_relay relay;
	int rc = 0;

	mir_relay_start(&relay, client, server, p->config.idle_ns, joined_done, &j);
	while (!j.is_over && rc == 0)
		rc = mir_wait(&j.over);
	if (!j.is_over)
		mir_relay_stop(&relay);
	while (!j.is_over)
		mir_wait_out(&j.over);
	return rc;
}

/* The server's answer is ours; flow and input are taken. */
static int become(struct mir_http_proxy *p, struct mir_http_upstream *u, struct mir_http_head *head,
    struct mir_http_input *in, struct mir_http_response *w)
{
	struct mir_flow *client = NULL;
	int rc = mir_proxy_answer_head(w, &u->at, head->headers, head->nheaders);

	if (rc == 0)
		rc = mir_http_upgrade(w, "websocket", &client);
	if (rc == 0 && in->n) {
		rc = mir_flow_write(client, in->s, in->n);
		in->n = 0;
	}
	if (rc < 0) {
		mir_slices_unref(in->s, in->n);
		mir_flow_abort(in->flow);
		if (client)
			mir_flow_abort(client);
		return rc;
	}
	p->stats.upgraded++;
	return join(p, client, in->flow);
}

int mir_proxy_switch(struct mir_http_proxy *p, struct mir_http_upstream *u,
    const struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_tcp_options o = { .nodelay = true };
	int64_t deadline = mir_time_add(mir_now(), MIR_SECOND(30));
	struct mir_slice bytes = { NULL, 0, NULL };
	struct mir_http_input in = { .n = 0 };
	struct mir_http_head head;
	struct mir_tcp_flow *flow;
	struct mir_str upgrade;
	int64_t outer = mir_deadline_set(deadline);
	int rc = mir_tcp_connect(p->config.tcp, NULL, &u->at, &o, &flow);

	if (rc < 0) {
		mir_deadline_restore(outer);
		return rc;
	}
	in.flow = &flow->flow;
	rc = send_head(in.flow, u, r, p->config.trust_forwarded);
	if (rc == 0)
		rc = read_head(&in, &head, &bytes, deadline);
	mir_deadline_restore(outer);
	upgrade = rc == 0 ? mir_http_find(head.headers, head.nheaders, "upgrade") : mir_str("");
	if (rc == 0 && head.status == 101 && mir_http_ieq(upgrade, "websocket")) {
		rc = become(p, u, &head, &in, w);
	} else {
		/* A refusal; its text is not worth a connection. */
		if (rc == 0)
			rc = mir_http_error(w, head.status >= 300 ? head.status : 502);
		mir_slices_unref(in.s, in.n);
		mir_flow_abort(in.flow);
	}
	mir_slice_unref(&bytes);
	return rc;
}
