-- Answers a call: Redis before the model, the model on a miss, the entry stored after the answer has left.
local cjson = require "cjson"
local redis = require "nginx.redis"

local TTL_SECONDS = 3600
local DEADLINE_MS = 1000
local POOL_IDLE_MS = 60000
local POOL_SIZE = 512

-- LuaJIT compiles this call of many arguments again and again: interpreted, a call with a miss costs less.
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
    ngx.eof()
end

local function answer()
    ngx.req.read_body()
    local body = ngx.req.get_body_data()
    local key = ngx.md5(body)
    local name = "nginx:" .. key
    local cache = open_cache()
    local entry, result = look_up(cache, name)
    if entry then
        send(body, key, entry, result)
    else
        entry = predictions(body)
        send(body, key, entry, result)
        if result == "MISS" then cache:set(name, entry, "EX", TTL_SECONDS) end
    end
    if cache then cache:set_keepalive(POOL_IDLE_MS, POOL_SIZE) end
end

return { answer = answer }
