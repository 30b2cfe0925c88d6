/* mime.c: extension -> media type, a sorted table and a binary search. */
#include <string.h>

#include "mir/mime.h"

#define EXTENSION_MAX 12 /* longer than every extension in the table */

struct type {
	const char *extension;
	const char *type;
};

/* Sorted by extension. */
static const struct type types[] = {
	{ "7z", "application/x-7z-compressed" },
	{ "aac", "audio/aac" },
	{ "apng", "image/apng" },
	{ "atom", "application/atom+xml" },
	{ "avif", "image/avif" },
	{ "bin", "application/octet-stream" },
	{ "bmp", "image/bmp" },
	{ "br", "application/octet-stream" },
	{ "bz2", "application/x-bzip2" },
	{ "c", "text/plain; charset=utf-8" },
	{ "cjs", "text/javascript; charset=utf-8" },
	{ "conf", "text/plain; charset=utf-8" },
	{ "css", "text/css; charset=utf-8" },
	{ "csv", "text/csv; charset=utf-8" },
	{ "deb", "application/vnd.debian.binary-package" },
	{ "epub", "application/epub+zip" },
	{ "flac", "audio/flac" },
	{ "gif", "image/gif" },
	{ "gz", "application/gzip" },
	{ "h", "text/plain; charset=utf-8" },
	{ "htm", "text/html; charset=utf-8" },
	{ "html", "text/html; charset=utf-8" },
	{ "ico", "image/vnd.microsoft.icon" },
	{ "ics", "text/calendar; charset=utf-8" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "json", "application/json" },
	{ "jsonld", "application/ld+json" },
	{ "jxl", "image/jxl" },
	{ "log", "text/plain; charset=utf-8" },
	{ "m3u8", "application/vnd.apple.mpegurl" },
	{ "m4a", "audio/mp4" },
	{ "map", "application/json" },
	{ "markdown", "text/markdown; charset=utf-8" },
	{ "md", "text/markdown; charset=utf-8" },
	{ "mid", "audio/midi" },
	{ "mjs", "text/javascript; charset=utf-8" },
	{ "mov", "video/quicktime" },
	{ "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" },
	{ "mpeg", "video/mpeg" },
	{ "oga", "audio/ogg" },
	{ "ogg", "audio/ogg" },
	{ "ogv", "video/ogg" },
	{ "opus", "audio/ogg" },
	{ "otf", "font/otf" },
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "ps", "application/postscript" },
	{ "rss", "application/rss+xml" },
	{ "rtf", "application/rtf" },
	{ "sh", "text/plain; charset=utf-8" },
	{ "svg", "image/svg+xml" },
	{ "tar", "application/x-tar" },
	{ "tgz", "application/gzip" },
	{ "tif", "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "ts", "video/mp2t" },
	{ "ttf", "font/ttf" },
	{ "txt", "text/plain; charset=utf-8" },
	{ "wasm", "application/wasm" },
	{ "wav", "audio/wav" },
	{ "weba", "audio/webm" },
	{ "webm", "video/webm" },
	{ "webmanifest", "application/manifest+json" },
	{ "webp", "image/webp" },
	{ "woff", "font/woff" },
	{ "woff2", "font/woff2" },
	{ "xht", "application/xhtml+xml" },
	{ "xhtml", "application/xhtml+xml" },
	{ "xml", "application/xml" },
	{ "xz", "application/x-xz" },
	{ "yaml", "application/yaml" },
	{ "yml", "application/yaml" },
	{ "zip", "application/zip" },
	{ "zst", "application/zstd" },
};

/* Copy the extension of a name in lower case; the empty string if there is none to be found in
 * the table: ".profile" has none, "a.tar.gz" has "gz". */
static void extension_of(const char *name, size_t len, char out[EXTENSION_MAX])
{
	size_t dot = len, n;

	out[0] = '\0';
	while (dot > 0 && name[dot - 1] != '.' && name[dot - 1] != '/')
		dot--;
	if (dot < 2 || name[dot - 1] != '.' || name[dot - 2] == '/')
		return;
	n = len - dot;
	if (n == 0 || n >= EXTENSION_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		char c = name[dot + i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[n] = '\0';
}

const char *mir_mime_type(const char *name, size_t len)
{
	char extension[EXTENSION_MAX];
	size_t low = 0, high = sizeof types / sizeof types[0];

	extension_of(name, len, extension);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(extension, types[middle].extension);

		if (order == 0)
			return types[middle].type;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return MIR_MIME_UNKNOWN;
}

static bool same(const char *p, const char *small, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((p[i] >= 'A' && p[i] <= 'Z' ? p[i] - 'A' + 'a' : p[i]) != small[i])
			return false;
	return true;
}

static bool ends(const char *type, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len > n && same(type + len - n, with, n);
}

bool mir_mime_compressible(const char *type, size_t len)
{
	static const char *const whole[] = { "application/json", "application/javascript",
		"application/x-javascript", "application/xml", "application/wasm",
		"application/x-ndjson", "application/yaml", "application/rtf",
		"application/postscript", "application/x-tar", "application/vnd.apple.mpegurl",
		"image/bmp", "image/vnd.microsoft.icon", "image/x-icon", "font/ttf", "font/otf" };
	size_t n = 0;

	while (n < len && type[n] != ';' && type[n] != ' ' && type[n] != '\t')
		n++;
	if (n > 5 && same(type, "text/", 5))
		return true;
	if (ends(type, n, "+json") || ends(type, n, "+xml"))
		return true;
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
		if (n == strlen(whole[i]) && same(type, whole[i], n))
			return true;
	return false;
}
