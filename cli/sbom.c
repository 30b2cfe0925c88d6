/* sbom.c: what is in an image, in SPDX 2.3 as JSON (ISO/IEC 5962 describes version 2.2.1, the
 * specification of 2.3 its successor): the image, and the parts that it is linked from.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <mir/digest.h>

#include "command.h"
#include "diag.h"
#include "json.h"
#include "query.h"

struct sbom {
	struct json j;
	struct list ids; /* of the parts */
};

/* Letters, digits, '.' and '-' only. */
static char *spdx_id(const char *name)
{
	char *id = mem_fmt("SPDXRef-%s", name);

	for (char *p = id; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '.' && *p != '-')
			*p = '-';
	return id;
}

static char *file_digest(const char *path)
{
	uint8_t digest[MIR_SHA256_LEN];
	struct mir_sha256 c;
	struct text t = { 0 }, hex = { 0 };

	if (file_read(path, &t) < 0)
		return NULL;
	mir_sha256_init(&c);
	mir_sha256_update(&c, text_str(&t), t.len);
	mir_sha256_final(&c, digest);
	for (int i = 0; i < MIR_SHA256_LEN; i++)
		text_addf(&hex, "%02x", digest[i]);
	return hex.s;
}

static void begin_package(struct sbom *s, const char *name, const char *id, const char *version)
{
	json_open(&s->j, NULL, '{');
	json_string(&s->j, "name", name);
	json_string(&s->j, "SPDXID", id);
	if (version && *version)
		json_string(&s->j, "versionInfo", version);
	json_string(&s->j, "downloadLocation", "NOASSERTION");
	json_bool(&s->j, "filesAnalyzed", false);
}

static void end_package(struct sbom *s, const char *licence)
{
	const char *l = licence && *licence ? licence : "NOASSERTION";

	json_string(&s->j, "licenseConcluded", l);
	json_string(&s->j, "licenseDeclared", l);
	json_string(&s->j, "copyrightText", "NOASSERTION");
	json_close(&s->j);
}

static void part(
    struct sbom *s, const char *name, const char *version, const char *licence, const char *package)
{
	const char *id = spdx_id(mem_fmt("part-%s", name));

	if (!list_add_new(&s->ids, id))
		return;
	begin_package(s, name, id, version);
	if (package && *package)
		json_string(&s->j, "sourceInfo", mem_fmt("Debian package %s", package));
	end_package(s, licence);
}

static void image(struct sbom *s, const struct subject *q, const char *digest)
{
	begin_package(s, path_base(q->path), "SPDXRef-image", NULL);
	json_string(&s->j, "packageFileName", path_base(q->path));
	json_string(&s->j, "primaryPackagePurpose", "APPLICATION");
	json_open(&s->j, "checksums", '[');
	json_open(&s->j, NULL, '{');
	json_string(&s->j, "algorithm", "SHA256");
	json_string(&s->j, "checksumValue", digest);
	json_close(&s->j);
	json_close(&s->j);
	end_package(s, NULL);
}

static void relationship(struct sbom *s, const char *a, const char *type, const char *b)
{
	json_open(&s->j, NULL, '{');
	json_string(&s->j, "spdxElementId", a);
	json_string(&s->j, "relationshipType", type);
	json_string(&s->j, "relatedSpdxElement", b);
	json_close(&s->j);
}

/* The time of the file, so that the same image gives the same text. */
static char *file_time(const char *path)
{
	struct stat st = { 0 };
	struct tm tm;
	char text[32];

	stat(path, &st);
	gmtime_r(&st.st_mtime, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return mem_str(text);
}

static void head(struct sbom *s, const struct subject *q, const char *digest)
{
	json_string(&s->j, "spdxVersion", "SPDX-2.3");
	json_string(&s->j, "dataLicense", "CC0-1.0");
	json_string(&s->j, "SPDXID", "SPDXRef-DOCUMENT");
	json_string(&s->j, "name", path_base(q->path));
	json_string(&s->j, "documentNamespace",
	    mem_fmt("https://spdx.org/spdxdocs/mirage-%s-%s", str_ident(q->m.name), digest));
	json_open(&s->j, "creationInfo", '{');
	json_string(&s->j, "created", file_time(q->path));
	json_open(&s->j, "creators", '[');
	json_string(&s->j, NULL, mem_fmt("Tool: mirage-%s", q->m.tool));
	json_close(&s->j);
	json_close(&s->j);
}

int print_sbom(const struct subject *q)
{
	const struct manifest *m = &q->m;
	const char *digest = file_digest(q->path);
	struct text out = { 0 };
	struct sbom s = { .j = { .out = &out } };
	struct linked l;

	if (!digest) {
		diag_error(NULL, "cannot read '%s'", q->path);
		return EXIT_FAILED;
	}
	json_open(&s.j, NULL, '{');
	head(&s, q, digest);
	json_open(&s.j, "packages", '[');
	image(&s, q, digest);
	linked_parts(q, &l);
	part(&s, m->name, NULL, NULL, NULL);
	for (size_t i = 0; i < l.n; i++)
		part(&s, l.v[i].ours ? mem_fmt("mirage-%s", l.v[i].name) : l.v[i].name,
		    l.v[i].version, l.v[i].licence, l.v[i].package);
	json_close(&s.j);
	json_open(&s.j, "relationships", '[');
	relationship(&s, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image");
	for (size_t i = 0; i < s.ids.n; i++)
		relationship(&s, "SPDXRef-image", "CONTAINS", s.ids.v[i]);
	json_close(&s.j);
	json_close(&s.j);
	fputs(text_str(&out), stdout);
	return EXIT_OK;
}
