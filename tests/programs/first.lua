-- first.lua: what programs.t has Lua do in an image; a line of TAP each.
local n = 0
local function ok(good, what)
	n = n + 1
	print((good and "ok " or "not ok ") .. n .. " - " .. what)
end

ok(_VERSION == "Lua 5.4", "version")
ok(arg[0] == "/scripts/first.lua" and arg[1] == "one" and arg[2] == "two", "arguments")
ok(string.format("%.14g", math.sin(1)) == "0.8414709848079", "floating point")
ok(math.maxinteger // 3 * 3 + 1 == math.maxinteger, "integers of 64 bits")
ok(("a,b,,c"):gsub(",", ";") == "a;b;;c", "patterns")
ok(string.unpack("<i4", string.pack("<i4", -7)) == -7, "pack")
local words = {}
for w in ("the quick brown fox"):gmatch("%a+") do words[#words + 1] = w end
table.sort(words)
ok(table.concat(words, " ") == "brown fox quick the", "tables")
local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
ok(co(1) == 2 and co(21) == 42, "coroutines")
ok(not pcall(error, {}) and select(2, pcall(error, "x", 0)) == "x", "errors")
local big = {}
for i = 1, 200000 do big[i] = { i } end
big = nil
collectgarbage()
ok(collectgarbage("count") < 10000, "memory comes back")
local file = assert(io.open(arg[0]))
ok(file:read("l"):match("^%-%- first.lua"), "a file")
ok(file:seek("end") > 1000, "its length")
file:close()
ok(io.open("/scripts/none") == nil, "a file that there is not")
ok(os.time { year = 2000, month = 1, day = 1, hour = 0 } == 946684800, "time")
ok(os.getenv("NOTHING") == nil, "environment")
ok(select(2, pcall(io.popen, "ls")) == nil or not pcall(io.popen, "ls"), "no processes")
package.path = "/scripts/?.lua"
ok(not pcall(require, "none"), "modules that there are not")
os.exit(7)
