/* chat.c: one room over WebSocket.
 *
 *     GET /chat     a member: what one sends, all get
 *     GET /echo     gives back what it is sent
 *     GET /...      the page in site/
 */
#include "mirage/app.h"

#include <mir/http_server.h>
#include <mir/websocket.h>
#include <stdlib.h>
#include <string.h>

enum {
	LONGEST = 4096, /* bytes of what one says */
	WAITING = 65536 /* bytes that may wait for a member who reads slowly */
};

/* On the stack of the member's handler. */
struct member {
	struct member *next, **prev;
	struct mir_ws *ws;
};

static struct {
	struct member *first;
	int64_t members;
} room;

static void enter(struct member *m)
{
	m->next = room.first;
	m->prev = &room.first;
	if (m->next)
		m->next->prev = &m->next;
	room.first = m;
	room.members++;
}

static void leave(struct member *m)
{
	*m->prev = m->next;
	if (m->next)
		m->next->prev = m->prev;
	room.members--;
}

/* To all, without a copy and without waiting: who does not keep up has to go. */
static void tell_all(const struct mir_slice *said)
{
	for (struct member *m = room.first; m; m = m->next)
		if (mir_ws_post(m->ws, MIR_WS_TEXT, mir_slice_sub(said, 0, said->len)) ==
		    MIR_ELIMIT)
			mir_ws_shut(m->ws, MIR_WS_POLICY, "you read too slowly");
}

static void chat(struct member *me)
{
	struct mir_ws_message m;

	while (mir_ws_receive(me->ws, &m) > 0) {
		if (m.type == MIR_WS_TEXT)
			tell_all(&m.data);
		else
			mir_ws_shut(me->ws, MIR_WS_POLICY, "text only");
		mir_slice_unref(&m.data);
	}
}

static void echo(struct mir_ws *ws)
{
	struct mir_ws_message m;

	while (mir_ws_receive(ws, &m) > 0)
		if (mir_ws_send(ws, m.type, &m.data, 1) < 0)
			break;
}

static bool path_is(const struct mir_http_request *req, const char *path)
{
	return req->path.len == strlen(path) && memcmp(req->path.p, path, req->path.len) == 0;
}

int chat_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	const char *const origins[] = { app->keys.origin, NULL };
	const struct mir_ws_options options = { .origins = *app->keys.origin ? origins : NULL,
		.max_message = LONGEST,
		.max_queue = WAITING,
		.ping_ns = INT64_C(30000000000) };
	bool is_chat = path_is(req, "/chat");
	struct member me;
	int rc;

	if (!is_chat && !path_is(req, "/echo"))
		return mir_http_serve(app->fs_static, "", req, res);
	if (is_chat && room.members >= app->keys.members)
		return mir_http_error(res, 503);
	if ((rc = mir_ws_accept(req, res, &options, &me.ws)) <= 0)
		return rc;
	if (is_chat) {
		enter(&me);
		chat(&me);
		leave(&me);
	} else {
		echo(me.ws);
	}
	mir_ws_close(me.ws, MIR_WS_GOING, "");
	return 0;
}
