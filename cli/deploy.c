/* deploy.c: `mirage deploy ec2`: put the image on Amazon's EC2 and start it, with the AWS command
 * line: disk, upload, import-snapshot, register-image, run-instances.
 *
 * Steps are a table; each names what it leaves in the account, so that an error can say what to
 * remove, and how.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mir/digest.h>

#include "command.h"
#include "configure.h"
#include "diag.h"
#include "image_command.h"
#include "process.h"

#define REGION "us-west-2"
#define TYPE   "t2.micro"

const struct option options_deploy[] = {
	OPTIONS_TARGET,
	{ "region", 0, "REGION", "of the account, " REGION " unless told" },
	{ "bucket", 0, "NAME", "of S3, for the upload; it must be there" },
	{ "name", 0, "NAME", "of the image there, instead of that of the description" },
	{ "instance-type", 0, "TYPE", TYPE " unless told" },
	{ "size", 0, "SIZE", "of the disk; the least unless told" },
	{ "yes", 'y', NULL, "do not ask before what costs money" },
	{ "dry-run", 0, NULL, "only print the commands" },
	{ "console", 0, "INSTANCE", "only print what an instance has printed" },
	{ "terminate", 0, "INSTANCE", "only end an instance" },
	{ "endpoint-url", 0, "URL", "talk to another cloud than Amazon's" },
	{ "interval", 0, "SECONDS", "between two looks at what takes time, 10 unless told" },
	OPTION_END,
};

struct deploy {
	const struct arguments *args;
	const char *region, *bucket, *name, *type, *file;
	const char *key; /* of the upload: the name, and a digest of the disk */
	bool dry_run;
	/* What the steps have made. */
	const char *task, *snapshot, *image, *instance;
};

/* ---- the AWS command line ------------------------------------------------------------------- */

/* aws SERVICE COMMAND --region R [--endpoint-url U], then the words that a NULL ends. */
static struct list *aws(const struct deploy *d, const char *command, ...)
{
	const char *endpoint = argument_value(d->args, "endpoint-url"), *word;
	struct list *argv = mem_new(sizeof *argv);
	va_list ap;

	list_split(argv, mem_fmt("aws %s", command), ' ');
	list_add(argv, "--region");
	list_add(argv, d->region);
	if (endpoint) {
		list_add(argv, "--endpoint-url");
		list_add(argv, endpoint);
	}
	va_start(ap, command);
	while ((word = va_arg(ap, const char *)))
		list_add(argv, word);
	va_end(ap);
	return argv;
}

static const char *shown(const struct list *argv)
{
	struct text t = { 0 };

	for (size_t i = 0; i < argv->n; i++)
		text_addf(&t, "%s%s", i ? " " : "", str_sh_quote(argv->v[i]));
	return text_str(&t);
}

/* Run it; what it prints, trimmed, or NULL after an error was reported. */
static const char *call(const struct deploy *d, const struct list *argv)
{
	struct text out = { 0 }, err = { 0 };
	int rc;

	if (d->dry_run) {
		printf("%s\n", shown(argv));
		return "";
	}
	rc = process_run(argv->v, &out, &err);
	if (rc == 0)
		return str_trim(text_str(&out));
	if (rc == -ENOENT) {
		diag_error(NULL, "there is no 'aws', the AWS command line");
		diag_expected("the package awscli: sudo apt-get install awscli");
		return NULL;
	}
	diag_error(NULL, "'aws %s %s' fails (%d)", argv->v[1], argv->v[2], rc);
	diag_found("%s", str_trim(text_str(&err)));
	return NULL;
}

static bool wait_a_little(const struct deploy *d)
{
	const char *text = argument_value(d->args, "interval");
	long seconds = text ? strtol(text, NULL, 10) : 10;
	struct timespec t = { seconds < 0 ? 0 : seconds, seconds ? 0 : 10000000 };

	return nanosleep(&t, NULL) == 0;
}

/* ---- steps --------------------------------------------------------------------------------- */

static bool upload(struct deploy *d)
{
	return call(d, aws(d, "s3api put-object", "--bucket", d->bucket, "--key", d->key, "--body",
			   d->file, NULL)) != NULL;
}

/* An answer that must be one word: an identifier. */
static bool take_id(const char *answer, const char *dry, const struct deploy *d, const char **out)
{
	if (!answer)
		return false;
	*out = d->dry_run ? dry : answer;
	if (**out && !strpbrk(*out, " \t\n") && !str_eq(*out, "None"))
		return true;
	diag_error(NULL, "AWS answers with no identifier");
	diag_found("'%s'", *out);
	*out = NULL;
	return false;
}

static bool begin_import(struct deploy *d)
{
	return take_id(
	    call(d, aws(d, "ec2 import-snapshot", "--description", d->name, "--disk-container",
			mem_fmt("Format=RAW,UserBucket={S3Bucket=%s,S3Key=%s}", d->bucket, d->key),
			"--query", "ImportTaskId", "--output", "text", NULL)),
	    "TASK", d, &d->task);
}

/* "completed snap-1 None", "active None 45", "deleted None ClientError: ..." */
static bool wait_for_import(struct deploy *d)
{
	for (;;) {
		const char *answer = call(d, aws(d, "ec2 describe-import-snapshot-tasks",
						 "--import-task-ids", d->task, "--query",
						 "ImportSnapshotTasks[0].SnapshotTaskDetail.["
						 "Status,SnapshotId,StatusMessage]",
						 "--output", "text", NULL));
		struct list words = { 0 };

		if (!answer)
			return false;
		list_split(&words, answer, '\t');
		if (d->dry_run || (words.n >= 2 && str_eq(words.v[0], "completed")))
			return take_id(d->dry_run ? "" : words.v[1], "SNAPSHOT", d, &d->snapshot);
		if (words.n == 0 ||
		    (!str_eq(words.v[0], "active") && !str_eq(words.v[0], "pending"))) {
			diag_error(NULL, "EC2 does not import the disk");
			diag_found("%s", answer);
			diag_expected("a role 'vmimport' that may read the bucket: "
				      "docs.aws.amazon.com/vm-import, 'Required permissions'");
			return false;
		}
		if (!wait_a_little(d))
			return false;
	}
}

static bool remove_upload(struct deploy *d)
{
	return call(d, aws(d, "s3api delete-object", "--bucket", d->bucket, "--key", d->key,
			   NULL)) != NULL;
}

static bool register_image(struct deploy *d)
{
	return take_id(
	    call(d,
		aws(d, "ec2 register-image", "--name",
		    mem_fmt("%s-%.8s", d->name, strrchr(d->key, '-') + 1), "--architecture",
		    "x86_64", "--virtualization-type", "hvm", "--boot-mode", "legacy-bios",
		    "--ena-support", "--root-device-name", "/dev/xvda", "--block-device-mappings",
		    mem_fmt("DeviceName=/dev/xvda,Ebs={SnapshotId=%s,DeleteOnTermination=true}",
			d->snapshot),
		    "--query", "ImageId", "--output", "text", NULL)),
	    "IMAGE", d, &d->image);
}

static bool run_instance(struct deploy *d)
{
	return take_id(call(d, aws(d, "ec2 run-instances", "--image-id", d->image,
				   "--instance-type", d->type, "--count", "1", "--query",
				   "Instances[0].InstanceId", "--output", "text", NULL)),
	    "INSTANCE", d, &d->instance);
}

static bool wait_for_instance(struct deploy *d)
{
	return call(d, aws(d, "ec2 wait instance-running", "--instance-ids", d->instance, NULL)) !=
	       NULL;
}

static const struct step {
	const char *about;
	bool (*run)(struct deploy *);
} steps[] = {
	{ "upload the disk", upload },
	{ "import it", begin_import },
	{ "wait for the snapshot", wait_for_import },
	{ "remove the upload", remove_upload },
	{ "register the image", register_image },
	{ "start an instance", run_instance },
	{ "wait until it runs", wait_for_instance },
};

/* ---- what is left, and questions
 * ----------------------------------------------------------------- */

static void left_over(const struct deploy *d, size_t done)
{
	struct list l = { 0 };

	if (done >= 1 && done < 4)
		list_add(&l, shown(aws(d, "s3api delete-object", "--bucket", d->bucket, "--key",
				 d->key, NULL)));
	if (d->task && !d->snapshot)
		list_add(
		    &l, shown(aws(d, "ec2 cancel-import-task", "--import-task-id", d->task, NULL)));
	if (d->instance)
		list_add(&l,
		    shown(aws(d, "ec2 terminate-instances", "--instance-ids", d->instance, NULL)));
	if (d->image)
		list_add(&l, shown(aws(d, "ec2 deregister-image", "--image-id", d->image, NULL)));
	if (d->snapshot)
		list_add(
		    &l, shown(aws(d, "ec2 delete-snapshot", "--snapshot-id", d->snapshot, NULL)));
	if (!l.n)
		diag_note("nothing is left over in the account");
	else
		diag_note(
		    "left over in the account; these remove it:\n    %s", list_join(&l, "\n    "));
}

/* Families whose devices are Xen's; all later ones are Nitro. */
static bool is_xen_type(const char *type)
{
	static const char *const families[] = { "t1.", "t2.", "m1.", "m2.", "m3.", "m4.", "c1.",
		"c3.", "c4.", "r3.", "r4.", "i2.", "i3.", "d2.", "h1.", "x1.", "x1e.", "g2.", "g3.",
		"p2.", "p3.", "f1." };

	for (size_t i = 0; i < MIR_COUNT(families); i++)
		if (str_starts(type, families[i]))
			return true;
	return false;
}

static bool may_go_on(const struct deploy *d)
{
	char answer[8];

	if (!is_xen_type(d->type))
		diag_warning(NULL,
		    "'%s' is a Nitro type: its network (ENA) has no driver in the image", d->type);
	if (d->dry_run || argument_given(d->args, "yes"))
		return true;
	diag_info(
	    "this uploads %s to s3://%s/%s, and starts an instance %s in %s, which costs money",
	    d->file, d->bucket, d->key, d->type, d->region);
	if (!isatty(0)) {
		diag_error(NULL, "there is no terminal to ask on");
		diag_expected("--yes");
		return false;
	}
	fprintf(stderr, "Go on? [y/N] ");
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* ---- the command --------------------------------------------------------------------------------
 */

static bool digest_of(const char *file, char out[17])
{
	uint8_t digest[MIR_SHA256_LEN];
	struct text t = { 0 };
	int rc = file_read(file, &t);

	if (rc < 0) {
		diag_error(NULL, "cannot read '%s': %s", file, strerror(-rc));
		return false;
	}
	mir_sha256(text_str(&t), t.len, digest);
	for (int i = 0; i < 8; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return true;
}

static bool make_disk(struct deploy *d)
{
	struct list words = { 0 };
	struct manifest m;
	char digest[17];

	if (build_image(d->args, &m))
		return false;
	for (size_t i = 0; i < d->args->keys.n; i++)
		list_addf(&words, "--%s", d->args->keys.v[i]);
	for (size_t i = 0; i < d->args->rest.n; i++)
		list_add(&words, d->args->rest.v[i]);
	d->name = d->name ? d->name : m.name;
	d->file = image_path(&m, "ami");
	if (!image_make(&m, &words, "ami", argument_value(d->args, "size"), d->file) ||
	    !digest_of(d->file, digest))
		return false;
	d->key = mem_fmt("%s-%s", d->name, digest);
	return true;
}

static int deploy(struct deploy *d)
{
	if (!d->bucket) {
		diag_error(NULL, "no bucket is named");
		diag_expected("--bucket=NAME, of one that is there: aws s3 mb s3://NAME");
		return EXIT_USAGE;
	}
	if (!make_disk(d) || !may_go_on(d))
		return EXIT_FAILED;
	for (size_t i = 0; i < MIR_COUNT(steps); i++) {
		if (!d->dry_run)
			diag_info("%s", steps[i].about);
		if (steps[i].run(d))
			continue;
		diag_info("could not %s", steps[i].about);
		left_over(d, i);
		return EXIT_FAILED;
	}
	if (!d->dry_run)
		printf(
		    "image    %s\nsnapshot %s\ninstance %s\n", d->image, d->snapshot, d->instance);
	diag_info(
	    "its console: mirage deploy ec2 --region=%s --console=%s", d->region, d->instance);
	left_over(d, MIR_COUNT(steps));
	return EXIT_OK;
}

static int print_console(const struct deploy *d, const char *instance)
{
	const char *said = call(d, aws(d, "ec2 get-console-output", "--instance-id", instance,
				       "--query", "Output", "--output", "text", NULL));

	if (!said)
		return EXIT_FAILED;
	if (str_eq(said, "None"))
		diag_info("it has not printed anything yet; EC2 takes some minutes to tell");
	else
		printf("%s\n", said);
	return EXIT_OK;
}

static int terminate(const struct deploy *d, const char *instance)
{
	const char *state =
	    call(d, aws(d, "ec2 terminate-instances", "--instance-ids", instance, "--query",
			"TerminatingInstances[0].CurrentState.Name", "--output", "text", NULL));

	if (!state)
		return EXIT_FAILED;
	diag_info("%s: %s; its image and snapshot stay", instance, state);
	return EXIT_OK;
}

int command_deploy(const struct arguments *args)
{
	const char *type = argument_value(args, "instance-type"), *instance;
	const char *region = argument_value(args, "region");
	struct deploy d = { .args = args,
		.region = region ? region : REGION,
		.bucket = argument_value(args, "bucket"),
		.name = argument_value(args, "name"),
		.type = type ? type : TYPE,
		.dry_run = argument_given(args, "dry-run") };

	if (args->words.n != 1 || !str_eq(args->words.v[0], "ec2")) {
		diag_error(NULL, "deploy needs to know where to");
		diag_expected("mirage deploy ec2");
		return EXIT_USAGE;
	}
	setenv("AWS_PAGER", "", 1);
	if ((instance = argument_value(args, "console")))
		return print_console(&d, instance);
	if ((instance = argument_value(args, "terminate")))
		return terminate(&d, instance);
	return deploy(&d);
}
