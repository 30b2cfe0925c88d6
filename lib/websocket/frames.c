/* frames.c: reads frames (RFC 6455 section 5.2) byte for byte, and writes their heads. */
#include "frames.h"

enum { FIN = 0x80, RSV = 0x70, OPCODE = 0x0f, MASK = 0x80, LENGTH = 0x7f };

static int fail(struct mir_ws_frames *f, unsigned code)
{
	f->code = (uint16_t)code;
	f->error = code == MIR_WS_TOO_BIG ? MIR_EFBIG : MIR_EPROTO;
	return f->error;
}

static bool is_control(unsigned opcode)
{
	return opcode & 8;
}

/* Section 5.2 and 5.4: what may come now. */
static bool first_ok(const struct mir_ws_frames *f, uint8_t b)
{
	unsigned opcode = b & OPCODE;

	if ((b & RSV) || (opcode > MIR_WS_BINARY && opcode < MIR_WS_CLOSE) || opcode > MIR_WS_PONG)
		return false;
	if (is_control(opcode))
		return b & FIN;
	return (opcode == MIR_WS_CONTINUATION) == (f->message != 0);
}

static bool second_ok(const struct mir_ws_frames *f, uint8_t b)
{
	if (!(b & MASK) != f->client)
		return false;
	if (!is_control(f->head[0] & OPCODE))
		return true;
	return (b & LENGTH) <= MIR_WS_CONTROL &&
	       ((f->head[0] & OPCODE) != MIR_WS_CLOSE || (b & LENGTH) != 1);
}

static unsigned length_bytes(uint8_t b)
{
	return (b & LENGTH) == 127 ? 8 : (b & LENGTH) == 126 ? 2 : 0;
}

/* The length, when its bytes are there; false: not the shortest form, or 64 bits of it. */
static bool length(struct mir_ws_frames *f)
{
	unsigned n = length_bytes(f->head[1]);

	if (n == 0)
		f->len = f->head[1] & LENGTH;
	else
		f->len = n == 2 ? mir_be16(f->head + 2) : mir_be64(f->head + 2);
	return n == 0 || (n == 2 ? f->len > 125 : f->len > UINT16_MAX && !(f->len >> 63));
}

/* The frame begins, its length is known: a message may get too long. */
static int begin(struct mir_ws_frames *f)
{
	if (is_control(f->opcode))
		return 0;
	if (f->opcode != MIR_WS_CONTINUATION) {
		f->message = f->type = f->opcode;
		f->message_len = 0;
		f->utf8 = (struct mir_ws_utf8){ 0, 0, 0 };
	}
	if (f->limit && f->len > f->limit - f->message_len)
		return fail(f, MIR_WS_TOO_BIG);
	f->message_len += f->limit ? f->len : 0;
	return 0;
}

/* A byte of the head. */
static int head_byte(struct mir_ws_frames *f, uint8_t b)
{
	f->head[f->have++] = b;
	if (f->have == 1) {
		f->need = 2;
		return first_ok(f, b) ? 0 : fail(f, MIR_WS_PROTOCOL);
	}
	if (f->have == 2) {
		if (!second_ok(f, b))
			return fail(f, MIR_WS_PROTOCOL);
		f->opcode = f->head[0] & OPCODE;
		f->fin = f->head[0] & FIN;
		f->need = (uint8_t)(2 + length_bytes(b) + (b & MASK ? 4 : 0));
	}
	if (f->have == 2 + length_bytes(f->head[1])) {
		if (!length(f))
			return fail(f, MIR_WS_PROTOCOL);
		if (begin(f) < 0)
			return f->error;
	}
	if (f->have < f->need)
		return 0;
	memset(f->mask, 0, 4);
	if (f->head[1] & MASK)
		memcpy(f->mask, f->head + f->need - 4, 4);
	f->body = true;
	f->at = 0;
	return 0;
}

static void frame_end(struct mir_ws_frames *f)
{
	f->have = f->need = 0;
	f->body = false;
}

bool mir_ws_code_ok(unsigned code)
{
	/* 1004 to 1006 and 1015 are never sent; to 1014 they are registered; from 3000 on free. */
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

/* Section 5.5.1: a code, and a reason as UTF-8. */
static int close_came(struct mir_ws_frames *f, struct mir_ws_event *e)
{
	struct mir_ws_utf8 u = { 0, 0, 0 };
	unsigned code = MIR_WS_NO_CODE;

	if (f->len) {
		code = mir_be16(f->control);
		if (!mir_ws_code_ok(code))
			return fail(f, MIR_WS_PROTOCOL);
		e->p += 2;
		e->len -= 2;
		if (!mir_ws_utf8(&u, e->p, (size_t)e->len) || u.left)
			return fail(f, MIR_WS_NOT_TEXT);
	}
	f->closed = true;
	f->code = (uint16_t)code;
	return 0;
}

static int control(struct mir_ws_frames *f, struct mir_reader *in, struct mir_ws_event *e)
{
	static const uint8_t kinds[] = { MIR_WS_CLOSE_EVENT, MIR_WS_PING_EVENT, MIR_WS_PONG_EVENT };
	size_t n = (size_t)MIR_MIN(f->len - f->at, (uint64_t)mir_read_left(in));

	mir_ws_mask(f->control + f->at, in->p, n, f->mask, f->at);
	in->p += n;
	f->at += n;
	if (f->at < f->len)
		return 0;
	frame_end(f);
	*e = (struct mir_ws_event){ kinds[f->opcode - MIR_WS_CLOSE], f->control, f->len, false };
	return f->opcode == MIR_WS_CLOSE ? close_came(f, e) : 0;
}

static int data(struct mir_ws_frames *f, struct mir_reader *in, uint8_t *out, size_t room,
    struct mir_ws_event *e)
{
	uint64_t left = f->len - f->at;
	size_t n = (size_t)MIR_MIN(left, (uint64_t)MIR_MIN(room, mir_read_left(in)));
	bool last = n == left && f->fin;

	if (n == 0 && left) {
		*e = (struct mir_ws_event){ MIR_WS_ROOM_EVENT, NULL, left, false };
		return 0;
	}
	if (n)
		mir_ws_mask(out, in->p, n, f->mask, f->at);
	in->p += n;
	f->at += n;
	if (f->message == MIR_WS_TEXT &&
	    ((n && !mir_ws_utf8(&f->utf8, out, n)) || (last && f->utf8.left)))
		return fail(f, MIR_WS_NOT_TEXT);
	if (f->at == f->len)
		frame_end(f);
	if (last)
		f->message = 0;
	*e = (struct mir_ws_event){ MIR_WS_DATA_EVENT, out, n, last };
	return 0;
}

int mir_ws_frames_next(struct mir_ws_frames *f, struct mir_reader *in, uint8_t *out, size_t room,
    struct mir_ws_event *e)
{
	*e = (struct mir_ws_event){ MIR_WS_NO_EVENT, NULL, 0, false };
	if (f->closed)
		in->p = in->end;
	while (!f->error && e->kind == MIR_WS_NO_EVENT && (in->p < in->end || f->body)) {
		if (!f->body)
			head_byte(f, *in->p++);
		else if (f->at < f->len && in->p == in->end)
			break;
		else if (is_control(f->opcode))
			control(f, in, e);
		else
			data(f, in, out, room, e);
	}
	if (f->error)
		*e = (struct mir_ws_event){ MIR_WS_NO_EVENT, NULL, 0, false };
	return f->error;
}

unsigned mir_ws_head(
    uint8_t out[MIR_WS_HEAD], unsigned opcode, bool fin, uint64_t len, const uint8_t key[4])
{
	unsigned n = 2;

	out[0] = (uint8_t)((fin ? FIN : 0) | opcode);
	if (len <= 125) {
		out[1] = (uint8_t)len;
	} else if (len <= UINT16_MAX) {
		out[1] = 126;
		mir_put_be16(out + 2, (uint16_t)len);
		n = 4;
	} else {
		out[1] = 127;
		mir_put_be32(out + 2, (uint32_t)(len >> 32));
		mir_put_be32(out + 6, (uint32_t)len);
		n = 10;
	}
	if (key) {
		out[1] |= MASK;
		memcpy(out + n, key, 4);
		n += 4;
	}
	return n;
}
