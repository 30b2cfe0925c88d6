/* tls.h: TLS, flows that are private and whose peer is known (RFC 8446, RFC 5246), over flows.
 *
 * Implemented by lib/tls.  The handshake takes a fiber; what comes of it is a flow like any other.
 */
#ifndef MIR_TLS_H
#define MIR_TLS_H

#include <mir/flow.h>

struct mir_tls;

enum { MIR_TLS_NAME = 256, MIR_TLS_ALPN = 32 };

/* What was agreed on.  Lives as long as its flow. */
struct mir_tls_flow {
	struct mir_flow flow;
	const char *version;            /* "TLSv1.3" */
	const char *cipher;             /* "TLS_AES_128_GCM_SHA256" */
	bool resumed;                   /* without a new exchange of certificates */
	char alpn[MIR_TLS_ALPN];        /* the application's protocol, as "h2"; "": none */
	char server_name[MIR_TLS_NAME]; /* what the client asked for; "": nothing */
	char peer[MIR_TLS_NAME];        /* the verified peer's name, of a client's certificate its
					   subject; "": it showed none */
};

/* How a handshake is done; NULL or all zero is right for most. */
struct mir_tls_options {
	const char *alpn;  /* protocols, the dearest first: "h2 http/1.1"; NULL: none */
	const char *store; /* client: its own certificate, a dictionary of the store; NULL: none */
};

struct mir_tls_ops {
	const char *name;

	/* The server's side of a handshake on `below`, which is taken, on failure too: on success
	 * it is closed with the flow.  Blocks, at most for the device's time limit.  MIR_ELIMIT:
	 * too many handshakes at once; MIR_EPROTO: none in common, or nonsense; MIR_ECERT...: the
	 * client's certificate; MIR_ECONNRESET: the peer went away.  What was wrong is logged. */
	int (*server)(struct mir_tls *, struct mir_flow *below /* take */,
	    const struct mir_tls_options *, struct mir_tls_flow **out);

	/* The client's side; server_name: a host's name or address, that its certificate must
	 * be for.  As server. */
	int (*client)(struct mir_tls *, struct mir_flow *below /* take */, const char *server_name,
	    const struct mir_tls_options *, struct mir_tls_flow **out);

	/* What clients that ask for `host` and for nothing but the protocol acme-tls/1 are shown
	 * (RFC 8737), in PEM; chain NULL: nothing any more.  Such connections end with the
	 * handshake.  MIR_EINVAL: no certificate with its key. */
	int (*challenge)(struct mir_tls *, const char *host, const char *chain, const char *key);

	/* Looks at the store now, for other certificates.  Blocks. */
	int (*reload)(struct mir_tls *);
};

struct mir_tls {
	const struct mir_tls_ops *ops;
	const char *name;
};

static inline int mir_tls_server(struct mir_tls *t, struct mir_flow *below,
    const struct mir_tls_options *o, struct mir_tls_flow **out)
{
	return t->ops->server(t, below, o, out);
}

static inline int mir_tls_client(struct mir_tls *t, struct mir_flow *below, const char *server_name,
    const struct mir_tls_options *o, struct mir_tls_flow **out)
{
	return t->ops->client(t, below, server_name, o, out);
}

#endif
