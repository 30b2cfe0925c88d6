#!/usr/bin/env python3
# cloud.py LOG: as much of S3 and EC2 as `mirage deploy ec2` asks for, on a port of 127.0.0.1 that it
# prints.  Checks the signature of each request (AWS Signature Version 4) and its parameters, logs
# one line per call, fails the calls that the file LOG.fail names.
import hashlib, hmac, http.server, os, sys, urllib.parse

SECRET, ACCOUNT = "secret", "AKIDEXAMPLE"
log = sys.argv[1]
polls = 0


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(r, body):
    fields = dict(f.strip().split("=", 1) for f in r.headers["Authorization"].split(" ", 1)[1].split(","))
    account, day, region, service, _ = fields["Credential"].split("/")
    path, _, query = r.path.partition("?")
    pairs = sorted((urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~"))
                   for k, v in urllib.parse.parse_qsl(query, keep_blank_values=True))
    names = fields["SignedHeaders"].split(";")
    payload = r.headers.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    canonical = "\n".join([r.command, path, "&".join("=".join(p) for p in pairs),
                           *["%s:%s" % (n, " ".join(r.headers[n].split())) for n in names], "",
                           fields["SignedHeaders"], payload])
    scope = "/".join([day, region, service, "aws4_request"])
    text = "\n".join(["AWS4-HMAC-SHA256", r.headers["X-Amz-Date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, service, "aws4_request"):
        key = sign(key, part)
    good = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return region if account == ACCOUNT and good == fields["Signature"] else None


def xml(action, inside):
    return '<%sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>%s</%sResponse>' % (
        action, inside, action)


def import_task(status, more=""):
    return "<snapshotTaskDetail><status>%s</status>%s</snapshotTaskDetail>" % (status, more)


def describe_import(p):
    global polls
    polls += 1
    if os.path.exists(log + ".refuse"):
        task = import_task("deleted", "<statusMessage>ClientError: No role vmimport</statusMessage>")
    elif polls < 3:
        task = import_task("active", "<progress>%d</progress>" % (polls * 30))
    else:
        task = import_task("completed", "<snapshotId>snap-0001</snapshotId>")
    return "<importSnapshotTaskSet><item><importTaskId>%s</importTaskId>%s</item></importSnapshotTaskSet>" % (
        p["ImportTaskId.1"], task)


INSTANCE = "<item><instanceId>i-0001</instanceId><instanceState><code>16</code><name>running</name></instanceState></item>"
# What each call must bring, and its answer.
ACTIONS = {
    "ImportSnapshot": ({"DiskContainer.Format": "RAW", "DiskContainer.UserBucket.S3Bucket": "bucket"},
                       lambda p: "<importTaskId>import-snap-0001</importTaskId>" + import_task("active")),
    "DescribeImportSnapshotTasks": ({"ImportTaskId.1": "import-snap-0001"}, describe_import),
    "RegisterImage": ({"Architecture": "x86_64", "VirtualizationType": "hvm", "EnaSupport": "true",
                       "BootMode": "legacy-bios", "RootDeviceName": "/dev/xvda",
                       "BlockDeviceMapping.1.DeviceName": "/dev/xvda",
                       "BlockDeviceMapping.1.Ebs.SnapshotId": "snap-0001"}, lambda p: "<imageId>ami-0001</imageId>"),
    "RunInstances": ({"ImageId": "ami-0001", "MinCount": "1", "MaxCount": "1"},
                     lambda p: "<reservationId>r-1</reservationId><instancesSet>" + INSTANCE + "</instancesSet>"),
    "DescribeInstances": ({"InstanceId.1": "i-0001"},
                          lambda p: "<reservationSet><item><instancesSet>" + INSTANCE + "</instancesSet></item></reservationSet>"),
    "GetConsoleOutput": ({"InstanceId": "i-0001"},
                         lambda p: "<instanceId>i-0001</instanceId><output>SGVsbG8gZnJvbSBFQzIK</output>"),
    "TerminateInstances": ({"InstanceId.1": "i-0001"},
                           lambda p: "<instancesSet><item><instanceId>i-0001</instanceId><currentState><code>32</code>"
                           "<name>shutting-down</name></currentState></item></instancesSet>"),
}


class Cloud(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, text=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("ETag", '"0"')
        self.end_headers()
        self.wfile.write(text.encode())

    def handle_call(self):
        body = self.body()
        region = signature(self, body)
        action, params = {"PUT": "PutObject", "DELETE": "DeleteObject"}.get(self.command), {}
        if not action:
            params = dict(urllib.parse.parse_qsl(body.decode()))
            action = params["Action"]
        what = params.get("Name") or params.get("InstanceType") or (self.path if not params else "")
        if action == "PutObject":
            what += " " + hashlib.sha256(body).hexdigest()[:16]
        with open(log, "a") as f:
            print(action, region or "badly-signed", what, file=f)
        failing = open(log + ".fail").read().split() if os.path.exists(log + ".fail") else []
        if not region or action in failing:
            code = "SignatureDoesNotMatch" if not region else "UnauthorizedOperation"
            inside = "<Code>%s</Code><Message>You may not %s.</Message>" % (code, action)
            return self.answer(403, "<Error>%s</Error>" % inside if action.endswith("Object") else
                               "<Response><Errors><Error>%s</Error></Errors></Response>" % inside)
        if action in ("PutObject", "DeleteObject"):
            return self.answer(200 if action == "PutObject" else 204)
        wanted, make = ACTIONS[action]
        wrong = [k for k in wanted if params.get(k) != wanted[k]]
        if wrong:
            return self.answer(400, "<Response><Errors><Error><Code>Bad</Code><Message>%s</Message></Error></Errors></Response>" %
                               ["%s=%s" % (k, params.get(k)) for k in wrong])
        return self.answer(200, xml(action, make(params)))

    do_PUT = do_DELETE = do_POST = handle_call


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
print(server.server_address[1], flush=True)
server.serve_forever()
