-- Asks doorward whether a request may go on, and gives the app the identity in its answer.

local DOORWARD = "http://127.0.0.1:8000/_doorward/verify"

-- What doorward looks at, beside what is told of the request itself.
local TOLD = {
    "accept", "accept-language", "cookie", "origin", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
    "sec-websocket-key", "sec-websocket-version", "user-agent", "x-requested-with",
}

-- What the app gets in place of the client's. Where the site names its headers otherwise, so does this.
local IDENTITY = {
    "remote-user", "remote-email", "remote-name", "remote-groups", "x-doorward-assertion", "signature-input",
    "signature", "cookie",
}

-- What of a refusal goes to the client.
local REFUSAL = {
    "cache-control", "content-security-policy", "content-type", "cross-origin-opener-policy", "location",
    "permissions-policy", "referrer-policy", "retry-after", "strict-transport-security", "x-content-type-options",
    "x-frame-options",
}

local function question(txn)
    local headers = {
        ["host"] = { txn:get_var("txn.doorward_site") },
        ["x-forwarded-for"] = { txn.sf:src() },
        ["x-forwarded-method"] = { txn.sf:method() },
        ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
        ["x-forwarded-host"] = { txn:get_var("txn.doorward_site") },
        ["x-forwarded-uri"] = { txn.sf:pathq() },
    }
    local sent = txn.http:req_get_headers()
    for _, name in ipairs(TOLD) do
        if sent[name] then
            headers[name] = {}
            for index = 0, #sent[name] do
                table.insert(headers[name], sent[name][index])
            end
        end
    end
    return headers
end

local function unavailable(txn)
    txn:done(txn:reply({ status = 503, reason = "Service Unavailable" }))
end

local function let_in(txn, told)
    local set = {}
    for _, name in ipairs(IDENTITY) do
        txn.http:req_del_header(name)
        local value = told[name] and told[name][0]
        if value and value ~= "" then
            txn.http:req_set_header(name, value)
            table.insert(set, name)
        end
    end
    -- Where there is no room for a header (tune.maxrewrite) HAProxy leaves it out without a word.
    local sent = txn.http:req_get_headers()
    for _, name in ipairs(set) do
        if not sent[name] then
            txn:Alert("doorward: no room for the header " .. name .. ", raise tune.maxrewrite")
            return unavailable(txn)
        end
    end
end

local function refuse(txn, answer)
    local reply = txn:reply({ status = answer.status, reason = answer.reason })
    for _, name in ipairs(REFUSAL) do
        local value = answer.headers[name] and answer.headers[name][0]
        if value then
            reply:add_header(name, value)
        end
    end
    reply:set_body(answer.body or "")
    txn:done(reply)
end

core.register_action("doorward", { "http-req" }, function(txn)
    local answer = core.httpclient():get({ url = DOORWARD, headers = question(txn), timeout = 10000 })
    if answer and answer.status == 200 then
        let_in(txn, answer.headers)
    elseif answer and answer.status and answer.status >= 300 then
        refuse(txn, answer)
    else
        -- Nobody is let in because doorward could not be asked.
        unavailable(txn)
    end
end)
