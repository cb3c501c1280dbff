-- wrk's side of a closed loop: POST /predict with a body that is always the same, always different, or alternating.
--
-- wrk … -- TEMPLATE RATE FIRST [statuses]
-- TEMPLATE: a file with the body, @COUNTER where eight digits go; RATE: the share of requests whose body is the fixed one
-- (0, 0.5, 1); FIRST: the first counter; statuses: also count responses with status 422, which costs the generator a
-- table of headers per response. Prints one line of JSON at the end.

local MARK, FIXED = "@COUNTER", "99999999"
local before, after, same, counter, turn
local threads = {}

local function whole(body)
    return "POST /predict HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: "
        .. #body .. "\r\n\r\n" .. body
end

local function next_same() return same end

local function next_other()
    counter = counter + 1
    return before .. counter .. after
end

local function next_by_turns()
    turn = not turn
    return turn and same or next_other()
end

local schedules = { ["0"] = next_other, ["0.5"] = next_by_turns, ["1"] = next_same }

function setup(thread)
    threads[#threads + 1] = thread
end

local function count_refusal(status)
    if status == 422 then status_422 = status_422 + 1 end
end

function init(arguments)
    local file = assert(io.open(arguments[1], "r"))
    local text = whole(file:read("*a"))
    file:close()
    local start, stop = text:find(MARK, 1, true)
    if start then
        before, after = text:sub(1, start - 1), text:sub(stop + 1)
        same = before .. FIXED .. after
    else
        same = text
    end
    request = schedules[arguments[2]]
    counter = tonumber(arguments[3])
    if arguments[4] == "statuses" then
        -- Globals: wrk calls the one, done() reads the other.
        response, status_422 = count_refusal, 0
    end
end

local function refusals()
    local sum
    for _, thread in ipairs(threads) do
        local count = thread:get("status_422")
        if count then sum = (sum or 0) + count end
    end
    return sum and string.format("%d", sum) or "null"
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"microseconds":%d,"requests":%d,"bytes":%d,"not_2xx":%d,"status_422":%s,"failures":%d,'
            .. '"p50_ms":%.3f,"p99_ms":%.3f}\n',
        summary.duration, summary.requests, summary.bytes, errors.status, refusals(),
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
