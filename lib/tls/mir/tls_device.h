/* tls_device.h: TLS 1.2 and 1.3 over flows, by OpenSSL; certificates from a key-value store.
 *
 * A dictionary of the store with `fullchain.pem` and `privkey.pem` is an identity (the names that
 * ACME clients give their files), with `ocsp.der` beside them if there is one.  Which a server
 * shows depends on the names in its certificate.  `/ca.pem` holds the authorities that peers are
 * verified by, `/crl.pem` what they have revoked.
 */
#ifndef MIR_TLS_DEVICE_H
#define MIR_TLS_DEVICE_H

#include <mir/fiber.h>
#include <mir/kv.h>
#include <mir/timer.h>
#include <mir/tls.h>

struct mir_tls_device_config {
	struct mir_kv *store;          /* NULL: no certificates, and no peer is trusted */
	const char *tls_ciphers;       /* "intermediate" (TLS 1.2 and 1.3) or "modern" (1.3) */
	const char *tls_client_cert;   /* "none", "ask" or "require" */
	int64_t tls_handshakes;        /* at once; 0: 256 */
	int64_t tls_handshake_timeout; /* nanoseconds; 0: 10 s */
	int64_t tls_reload;            /* how often the store is looked at, nanoseconds; 0: never */
	bool tls_key_log;              /* for debugging: secrets of connections go to the log */
	const char *tls_self_signed;   /* names, comma separated; "" or NULL: none */
	const char *name;
};

struct mir_tls_stats {
	uint64_t handshakes; /* done */
	uint64_t resumed;    /* of them */
	uint64_t failed;
	uint64_t refused;    /* for the limit */
	uint64_t pushed_out; /* of those that failed: others waited, and they took long */
	uint64_t reloads;
};

enum { MIR_TLS_TICKET_KEYS = 2, MIR_TLS_SESSIONS = 16 };

struct mir_tls_ticket_keys {
	int64_t until; /* on the monotonic clock; 0: there is none */
	uint8_t name[16], cipher[32], mac[32];
};

struct mir_tls_identity;

/* A handshake under way; on the stack of its fiber. */
struct mir_tls_turn {
	struct mir_tls_turn *next, *prev; /* from old to new */
	struct mir_flow *below;
	int64_t began;
	bool told; /* to end */
};

struct mir_tls_device {
	struct mir_tls tls;
	struct mir_tls_device_config config;
	struct mir_tls_identity *identities; /* in the order of the store */
	struct mir_tls_identity *challenge;  /* shown to clients of acme-tls/1; NULL: none */
	char challenge_host[MIR_TLS_NAME];
	void *server, *client; /* SSL_CTX; a server's before its identity is chosen */
	struct {
		struct mir_tls_turn *oldest, *newest;
		unsigned n, waiting;
		struct mir_waitq free;
	} turns;
	struct mir_tls_ticket_keys tickets[MIR_TLS_TICKET_KEYS]; /* the first is the present one */
	struct {
		char name[MIR_TLS_NAME];
		void *session; /* SSL_SESSION */
		uint64_t used;
	} sessions[MIR_TLS_SESSIONS];
	uint64_t clock; /* of their use */
	struct mir_fiber *watcher;
	uint8_t digest[MIR_KV_DIGEST]; /* of what was loaded */
	struct mir_mem *spare;         /* memory for the next record that is read */
	uint8_t *spare_bytes;
	uint8_t *room; /* a record that is put together */
	struct mir_tls_stats stats;
};

/* Loads certificates.  MIR_EINVAL: a key's value, which is logged; MIR_ENOMEM.  Blocks. */
int mir_tls_device_start(struct mir_tls_device *, const struct mir_tls_device_config *);
/* All its flows are closed before.  Blocks. */
void mir_tls_device_stop(struct mir_tls_device *);

/* Looks at the store now.  New connections show what is there; those that are open go on.  What
 * cannot be read leaves things as they were.  Blocks. */
int mir_tls_device_reload(struct mir_tls_device *);

#endif
