/* generate_make.c: build.mk, the Makefile, and the files that hold flags. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cc_cached.h"
#include "configuration.h"
#include "paths.h"
#include "sizes.h"
#include "version.h"

/* A file name in a rule. */
static const char *make_quote(const char *s)
{
	struct text t = { 0 };

	for (; *s; s++) {
		if (strchr(" #\\:%", *s) && *s)
			text_addc(&t, '\\');
		text_addf(&t, *s == '$' ? "$$" : "%c", *s);
	}
	return text_str(&t);
}

/* A word of a shell command in a recipe. */
static const char *recipe_quote(const char *s)
{
	const char *quoted = str_sh_quote(s);
	struct text t = { 0 };

	for (; *quoted; quoted++)
		text_addf(&t, *quoted == '$' ? "$$" : "%c", *quoted);
	return text_str(&t);
}

static void flag(struct text *out, const char *s)
{
	text_addf(out, "%s\n", str_sh_quote(s));
}

static void flags(struct text *out, const char *words)
{
	struct list l = { 0 };

	list_split(&l, words, ' ');
	for (size_t i = 0; i < l.n; i++)
		flag(out, l.v[i]);
}

/* What who calls the tool adds: last, so that it counts. */
static void environment_flags(struct text *out, const char *variable)
{
	const char *words = getenv(variable);

	if (words)
		flags(out, words);
}

static void common_flags(
    const struct configuration *c, bool hot, const char *warnings, struct text *out)
{
	flags(out, hot ? "-std=gnu11 -O2" : "-std=gnu11 -Os -fno-jump-tables -fno-shrink-wrap");
	flags(out, "-g -ffunction-sections -fdata-sections");
	flags(out, c->target.freestanding ? "-fno-pie" : "-fPIE");
	flags(out, "-fstack-protector-strong -fno-common");
	flags(out, warnings);
	for (size_t i = 0; i < c->target.cflags.n; i++)
		flag(out, c->target.cflags.v[i]);
	/* The same bytes, whatever folder this is. */
	flag(out, mem_fmt("-ffile-prefix-map=%s=mirage", c->share));
}

static void list_flags(struct text *out, const char *prefix, const struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		flag(out, mem_fmt("%s%s", prefix, l->v[i]));
}

void generate_flags(const struct configuration *c, bool app, struct text *out)
{
	char here[PATH_MAX];

	common_flags(
	    c, true, app ? "-Wall -Wextra -Werror=implicit-function-declaration" : "-Wall", out);
	if (getcwd(here, sizeof here))
		flag(out, mem_fmt("-ffile-prefix-map=%s=.", here));
	list_flags(out, "-I", &c->include);
	list_flags(out, "", &c->cflags);
	list_flags(out, "", &c->modules);
	if (app) {
		flag(out, "-I.");
		if (c->conf.main != MAIN_POSIX) {
			flag(out, "-include");
			flag(out, "mirage/app.h");
		}
		for (size_t i = 0; i < c->conf.cflags.n; i++)
			flag(out, c->conf.cflags.v[i]);
	}
	environment_flags(out, "MIRAGE_CFLAGS");
}

void generate_flag_set(const struct configuration *c, const struct flag_set *s, struct text *out)
{
	common_flags(c, s->hot, "-Wall", out);
	list_flags(out, "-I", &s->include);
	list_flags(out, "", &s->cflags);
	if (s->modules)
		list_flags(out, "", &c->modules);
	environment_flags(out, "MIRAGE_CFLAGS");
}

static const char *embedded_object(const struct configuration *c, const struct instance *in)
{
	return mem_fmt("%s/fs/%s.o", c->folder, in->group);
}

/* What is linked, then the libraries. */
void generate_objects(const struct configuration *c, struct text *out)
{
	flags(out, "-Wl,--gc-sections -Wl,-z,noexecstack");
	flags(out, c->target.freestanding ? "-static -no-pie -Wl,--build-id=none"
					  : "-pie -Wl,-z,relro,-z,now -Wl,--build-id=sha1");
	if (*c->target.script)
		flag(out,
		    mem_fmt("-Wl,-T,%s", replace_all(path_join(c->target.folder, c->target.script),
					     "{arch}", c->arch)));
	flag(out, mem_fmt("-Wl,-Map=%s/obj/image/%s.map", c->folder, c->file));
	if (c->conf.main == MAIN_POSIX)
		flag(out, "-Wl,--wrap=main");
	flag(out, mem_fmt("%s/obj/main.o", c->folder));
	flag(out, mem_fmt("%s/obj/manifest.o", c->folder));
	if (c->target.abi_target)
		flag(out, mem_fmt("%s/obj/notes.o", c->folder));
	for (size_t i = 0; i < c->n_units; i++)
		flag(out, c->units[i].object);
	for (size_t i = 0; i < c->graph.n_instances; i++)
		if (*c->graph.instances[i]->device->embed)
			flag(out, embedded_object(c, c->graph.instances[i]));
	for (size_t i = 0; i < c->linked.n; i++)
		flag(out, c->linked.v[i]);
	for (size_t i = 0; i < c->ldflags.n; i++)
		flag(out, c->ldflags.v[i]);
	for (size_t i = 0; i < c->conf.ldflags.n; i++)
		flag(out, c->conf.ldflags.v[i]);
	for (size_t i = 0; i < c->target.ldflags.n; i++)
		flag(out, c->target.ldflags.v[i]);
	environment_flags(out, "MIRAGE_LDFLAGS");
}

void generate_manifest_s(const struct configuration *c, struct text *out)
{
	text_addf(out, "/* %s/manifest.S: " GENERATED_MARK MIRAGE_VERSION " from %s. */\n",
	    c->folder, path_base(c->conf.file));
	text_addf(out,
	    "\n\t.section " MANIFEST_SECTION
	    ", \"R\", %%progbits\n\t.incbin \"%s/obj/manifest.packed\"\n\n"
	    "\t.section .note.GNU-stack, \"\", %%progbits\n",
	    c->folder);
}

/* Programs that come with the compiler: those of a foreign processor have its name in front. */
static const char *binutil(const struct configuration *c, const char *name)
{
	bool foreign = !str_eq(c->arch, host_cpu());

	return mem_fmt("%s%s%s", foreign ? c->arch : "", foreign ? "-linux-gnu-" : "", name);
}

static void settings(const struct configuration *c, struct text *out)
{
	text_addf(out,
	    "# %s/build.mk: " GENERATED_MARK MIRAGE_VERSION " from %s.\n"
	    "# 'mirage build' runs it in the folder of %s.\n\n"
	    "CC := %s\n# %s\n"
	    "T := %s\nTOOL := %s\n"
	    "OUTPUT := $T/obj/image/%s\nOBJCOPY ?= %s\n\n",
	    c->folder, path_base(c->conf.file), path_base(c->conf.file), c->compiler,
	    compiler_version(c->compiler), c->folder, make_quote(paths_tool()), make_quote(c->file),
	    binutil(c, "objcopy"));
}

static void objects(const struct configuration *c, struct text *out)
{
	text_add(out, "OBJECTS := \\\n\t$T/obj/main.o \\\n\t$T/obj/manifest.o");
	if (c->target.abi_target)
		text_add(out, " \\\n\t$T/obj/notes.o");
	for (size_t i = 0; i < c->n_units; i++)
		text_addf(out, " \\\n\t%s", make_quote(c->units[i].object));
	text_add(out, "\nEMBEDDED :=");
	for (size_t i = 0; i < c->graph.n_instances; i++)
		if (*c->graph.instances[i]->device->embed)
			text_addf(out, " %s", embedded_object(c, c->graph.instances[i]));
	text_add(out, "\nPROGRAM :=");
	for (size_t i = 0; i < c->linked.n; i++)
		if (c->linked.v[i][0] == '/')
			text_addf(out, " \\\n\t%s", make_quote(c->linked.v[i]));
	text_add(out, "\n\n");
}

/* How the image is linked and taken apart. */
static void link_rule(const struct configuration *c, struct text *out)
{
	bool bare = c->target.freestanding;
	const char *tool = recipe_quote(paths_tool());

	text_addf(out,
	    "all: $(OUTPUT)\n.PHONY: all\n.DELETE_ON_ERROR:\n\n"
	    "# obj/link holds the objects and the linker's flags, obj/flags the "
	    "compiler's; both are\n"
	    "# written only when they change.\n"
	    "$(OUTPUT): $(OBJECTS) $(EMBEDDED) $(PROGRAM) $T/obj/link $T/build.mk\n"
	    "\t@echo '[link] $(notdir $@)'\n"
	    "\t@mkdir -p '$(@D)'\n"
	    "\t@$(CC) $(COLOUR)%s -o '$@' @$T/obj/link\n",
	    c->conf.main == MAIN_POSIX ? " --mirage-list" : "");
	if (bare && c->graph.symbols)
		text_addf(out,
		    "# Once more with a table of what is where, behind all code.\n"
		    "\t@%s symbols '$@' '$@.s'\n"
		    "\t@$(CC) -c -o '$@.o' '$@.s'\n"
		    "\t@$(CC) $(COLOUR) -o '$@' @$T/obj/link '$@.o'\n",
		    tool);
	text_addf(out,
	    "\t@%s sizes '$@.map' '$@.sizes'\n"
	    "\t@$(OBJCOPY) --only-keep-debug '$@' '$@.debug'\n"
	    "# What debuggers read goes beside the image%s.\n"
	    "\t@$(OBJCOPY) %s --add-section " SIZES_SECTION "='$@.sizes' \\\n"
	    "\t\t--add-gnu-debuglink='$@.debug' '$@'\n\n",
	    tool, bare ? ", names of functions too" : "; names of functions stay",
	    bare ? "--strip-all" : "--strip-debug");
}

static void rules(const struct configuration *c, struct text *out)
{
	link_rule(c, out);
	text_add(out, "define compile\n"
		      "@echo '[cc] $(1)'\n"
		      "@mkdir -p '$(@D)'\n"
		      "@$(CC) $(COLOUR) @$T/obj/$(2) -MMD -MP -c -o '$@' '$(3)'\n"
		      "endef\n\n");
	/* The flags hold no path of this folder: the tool adds what keeps it out of the object. */
	text_addf(out,
	    "# What all applications compile alike: out of the cache if it is there.\n"
	    "define shared\n"
	    "@echo '[cc] $(1)'\n"
	    "@%s cc-cached $(SHOW) '$@' '$(3)' $T/obj/$(2) -- $(CC) $(COLOUR)\n"
	    "endef\n\n",
	    recipe_quote(paths_tool()));
	text_add(out, "$T/obj/main.o: $T/main.c $T/obj/flags-app\n"
		      "\t$(call compile,$<,flags-app,$<)\n"
		      "$T/obj/manifest.o: $T/manifest.S $T/obj/manifest.packed $T/obj/flags\n"
		      "\t$(call compile,$<,flags,$<)\n\n");
	if (c->target.abi_target)
		text_add(out, "$T/obj/notes.o: $T/notes.S $T/obj/flags\n"
			      "\t$(call compile,$<,flags,$<)\n\n");
	for (size_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];
		const char *shown = u->source;

		if (str_starts(shown, c->share))
			shown += strlen(c->share) + 1;
		text_addf(out, "%s: %s $T/obj/%s\n\t$(call %s,%s,%s,$<)\n", make_quote(u->object),
		    make_quote(u->source), u->flags, u->shared ? "shared" : "compile", shown,
		    u->flags);
	}
}

static void embedded(const struct configuration *c, struct text *out)
{
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];
		const struct conf_setting *s = conf_setting(&c->conf, mem_fmt("fs-%s", in->group));
		const char *object;

		if (!*in->device->embed || !s)
			continue;
		object = embedded_object(c, in);
		text_addf(out,
		    "\n%s: $(TOOL)\n\t@echo '[files] %s'\n\t@mkdir -p '$(@D)'\n"
		    "\t@%s crunch %s %s --name %s\n-include %s.d\n",
		    object, s->value, recipe_quote(paths_tool()), recipe_quote(s->value), object,
		    str_ident(in->group), object);
	}
}

void generate_build_mk(const struct configuration *c, struct text *out)
{
	settings(c, out);
	objects(c, out);
	rules(c, out);
	embedded(c, out);
	text_add(out, "\n-include $(OBJECTS:.o=.d)\n");
}

void generate_makefile(const struct configuration *c, struct text *out)
{
	text_addf(out,
	    "# Makefile: " GENERATED_MARK MIRAGE_VERSION " from %s.\n"
	    "# Rules of your own go into Makefile.user.\n\n"
	    "MIRAGE ?= %s\n\n"
	    "all: build\n\n"
	    "build:\n\t@$(MIRAGE) build\n\n"
	    "depend depends:\n\t@$(MIRAGE) depend\n\n"
	    "run:\n\t@$(MIRAGE) run -- $(ARGS)\n\n"
	    "clean:\n\t@$(MIRAGE) clean\n\n"
	    ".PHONY: all build depend depends run clean\n\n"
	    "-include Makefile.user\n",
	    path_base(c->conf.file), recipe_quote(paths_tool()));
}
