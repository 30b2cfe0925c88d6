/* mime.c: names and the media types that they have. */
#include <string.h>

#include <mir/mime.h>
#include <mir/test.h>

static bool is(const char *name, const char *type)
{
	return strcmp(mir_mime_type(name, strlen(name)), type) == 0;
}

static void known(void)
{
	ok(is("/index.html", "text/html; charset=utf-8"), "a page");
	ok(is("a.7z", "application/x-7z-compressed"), "the first of the table");
	ok(is("a.zst", "application/zstd"), "the last of the table");
	ok(is("LOGO.SVG", "image/svg+xml"), "upper case");
	ok(is("/a.b/c.tar.gz", "application/gzip"), "the last extension counts");
	ok(is("app.webmanifest", "application/manifest+json"), "the longest");
	ok(strcmp(mir_mime_type("a.jsx", 4), "text/javascript; charset=utf-8") == 0,
	    "the length ends the name");
}

static void unknown(void)
{
	ok(is("", MIR_MIME_UNKNOWN), "no name");
	ok(is("Makefile", MIR_MIME_UNKNOWN), "no extension");
	ok(is(".html", MIR_MIME_UNKNOWN), "a hidden file");
	ok(is("/a/.css", MIR_MIME_UNKNOWN), "a hidden file in a folder");
	ok(is("/a.html/b", MIR_MIME_UNKNOWN), "the folder's extension is not the file's");
	ok(is("a.", MIR_MIME_UNKNOWN), "a dot at the end");
	ok(is("a.webmanifestwebmanifest", MIR_MIME_UNKNOWN), "too long");
	ok(is("a.ht", MIR_MIME_UNKNOWN), "the start of one");
}

static bool compressible(const char *type)
{
	return mir_mime_compressible(type, strlen(type));
}

static void smaller(void)
{
	static const char *const yes[] = { "text/html", "Text/CSS; charset=utf-8",
		"text/event-stream", "application/json", "application/json;x=y",
		"application/JavaScript", "image/svg+xml", "application/ld+json",
		"application/wasm", "application/xml ; x", "font/ttf" };
	static const char *const no[] = { "", "text", "text/", "text;html", "image/png",
		"application/zip", "application/jsonx", "video/mp4", "+json", "font/woff2",
		"multipart/byteranges; x=text/html", "application/octet-stream" };

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		ok(compressible(yes[i]), "becomes smaller: %s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		ok(!compressible(no[i]), "does not: '%s'", no[i]);
}

int main(void)
{
	RUN_PLAIN(known);
	RUN_PLAIN(unknown);
	RUN_PLAIN(smaller);
	return mir_test_end();
}
