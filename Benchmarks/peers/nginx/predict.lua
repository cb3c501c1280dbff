-- Answers a call: looks it up in Redis, runs the model on a miss, and stores the entry in the background.
local cjson = require "cjson"
local redis = require "nginx.redis"

local TTL_SECONDS = 3600
local DEADLINE_MS = 1000
local POOL_IDLE_MS = 60000
local POOL_SIZE = 512
local WAITING_STORES = 1024

-- LuaJIT would compile this call with many arguments again and again: interpreted, a miss costs less.
require("jit").off(redis.set, true)

local redis_port = tonumber(os.getenv("REDIS_PORT"))
local file = assert(io.open(os.getenv("MODEL_PATH"), "r"))
local model = cjson.decode(file:read("*a"))
file:close()

local function predictions(body)
    local texts = {}
    for index, record in ipairs(cjson.decode(body)) do
        local sum = model.intercept
        for feature, name in ipairs(model.features) do
            sum = sum + model.coefficients[feature] * record[name]
        end
        texts[index] = string.format("%.17g", sum)
    end
    return "[" .. table.concat(texts, ",") .. "]"
end

local function open_cache()
    local cache = redis:new()
    cache:set_timeout(DEADLINE_MS)
    return cache:connect("127.0.0.1", redis_port) and cache
end

local waiting, is_storing = {}, false

-- Sends all waiting entries in one write, and repeats until none is left: a worker has at most one such timer.
local function store_waiting()
    local cache = open_cache()
    while cache and #waiting > 0 do
        local entries = waiting
        waiting = {}
        cache:init_pipeline(#entries)
        for _, entry in ipairs(entries) do
            cache:set(entry[1], entry[2], "EX", TTL_SECONDS)
        end
        local _, fault = cache:commit_pipeline()
        if fault then cache = nil end
    end
    if cache then cache:set_keepalive(POOL_IDLE_MS, POOL_SIZE) end
    is_storing = false
end

-- Drops the entry if too many are waiting.
local function store(name, text)
    if #waiting >= WAITING_STORES then return end
    waiting[#waiting + 1] = { name, text }
    if not is_storing then is_storing = ngx.timer.at(0, store_waiting) and true or false end
end

local function look_up(cache, name)
    if not cache then return nil, "BYPASS" end
    local entry, fault = cache:get(name)
    if fault then return nil, "BYPASS" end
    if entry == ngx.null then return nil, "MISS" end
    return entry, "HIT"
end

local function send(body, key, entry, result)
    local text = '{"query_key":"' .. key .. '","inputs":' .. body .. ',"prediction":' .. entry .. "}"
    ngx.header["X-Cache"] = result
    ngx.header["Content-Length"] = #text
    ngx.print(text)
end

local function answer()
    ngx.req.read_body()
    local body = ngx.req.get_body_data()
    local key = ngx.md5(body)
    local name = "nginx:" .. key
    local cache = open_cache()
    local entry, result = look_up(cache, name)
    if cache then cache:set_keepalive(POOL_IDLE_MS, POOL_SIZE) end
    if not entry then
        entry = predictions(body)
        if result == "MISS" then store(name, entry) end
    end
    send(body, key, entry, result)
end

return { answer = answer }
