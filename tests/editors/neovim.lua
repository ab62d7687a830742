-- Works on a project as a user would, in a Neovim of any version from 0.7 on, and prints what came of it.
--
-- nvim --headless -u NONE -S neovim.lua, in the project's folder, with the user's configuration in SETUP.

local PATIENCE = 30000

local count, failures = 0, 0

local function say(line)
  io.stdout:write(line .. "\n")
end

local function check(name, test)
  count = count + 1
  local good, problem = pcall(test)
  if good then
    say(("ok %d - %s"):format(count, name))
  else
    failures = failures + 1
    say(("not ok %d - %s\n  %s"):format(count, name, tostring(problem):gsub("\n", "\n  ")))
  end
end

-- Waits for something to become true, and gives it.
local function wait(what, condition)
  local value
  local arrived = vim.wait(PATIENCE, function()
    value = condition()
    return value
  end, 20)
  assert(arrived, "waited in vain for " .. what)
  return value
end

local function equal(actual, expected)
  assert(
    vim.deep_equal(actual, expected),
    ("%s is not %s"):format(vim.inspect(actual), vim.inspect(expected))
  )
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

-- Puts the cursor on the first place of `part`, `offset` bytes into it.
local function go(part, offset)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  assert(vim.fn.search("\\V" .. part, "cW") > 0, "there is no " .. part)
  local line, column = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_win_set_cursor(0, { line, column + (offset or 0) })
end

local function clients()
  local list = vim.lsp.get_clients or vim.lsp.get_active_clients
  return list({ name = "proxycheck" })
end

local function codes()
  local found = vim.diagnostic.get(0)
  table.sort(found, function(a, b)
    return a.lnum < b.lnum
  end)
  return vim.tbl_map(function(it)
    return it.code
  end, found)
end

local function wait_for_codes(expected)
  local good = pcall(wait, "findings", function()
    return vim.deep_equal(codes(), expected)
  end)
  if not good then
    equal(codes(), expected)
  end
end

local function floating_text()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      local buffer = vim.api.nvim_win_get_buf(window)
      return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
    end
  end
end

local function close_floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      vim.api.nvim_win_close(window, true)
    end
  end
end

-- Chooses what `wanted` accepts of the code actions at the cursor.
local function act(wanted)
  local titles
  vim.ui.select = function(items, _, choose)
    titles = vim.tbl_map(function(it)
      return (it.action or it[2]).title
    end, items)
    for index, item in ipairs(items) do
      if wanted(item.action or item[2]) then
        return choose(item, index)
      end
    end
    choose(nil)
  end
  local before = text()
  vim.lsp.buf.code_action()
  local good = pcall(wait, "an edit", function()
    return text() ~= before
  end)
  assert(good, "nothing was done; offered: " .. vim.inspect(titles))
end

local function request(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, PATIENCE)
  local _, answer = next(answers or {})
  assert(answer and answer.result, "no answer to " .. method .. ": " .. vim.inspect(answer))
  return answer.result
end

local function position()
  return vim.lsp.util.make_position_params(0, clients()[1].offset_encoding)
end

vim.o.hidden = true
vim.o.swapfile = false
dofile(os.getenv("SETUP"))
vim.cmd("edit train.py")
vim.bo.filetype = "python"
local train = vim.api.nvim_get_current_buf()

check("the server starts", function()
  wait("the server", function()
    local client = clients()[1]
    return client and client.initialized ~= false and client.server_capabilities
  end)
end)

check("findings are shown in their places", function()
  wait_for_codes({ "identity-check-on-proxy", "type-check-on-proxy" })
  local found = vim.diagnostic.get(0)
  table.sort(found, function(a, b)
    return a.lnum < b.lnum
  end)
  local line = vim.api.nvim_buf_get_lines(0, found[2].lnum, found[2].lnum + 1, false)[1]
  equal(line:sub(found[2].col + 1, found[2].end_col), "type(weights) is Model")
  equal(found[1].source, "proxycheck")
end)

check("hover tells what a proxy stands for", function()
  go("print(weights", 8)
  vim.lsp.buf.hover()
  local shown = wait("a window", floating_text)
  assert(shown:find("Proxy[Model]", 1, true), shown)
  close_floating()
end)

check("completion offers the members of the target", function()
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { "weights." })
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(0), 8 })
  local params = position()
  params.position.character = 8
  local result = request("textDocument/completion", params)
  local labels = vim.tbl_map(function(it)
    return it.label
  end, result.items or result)
  assert(vim.tbl_contains(labels, "predict"), vim.inspect(labels))
  vim.api.nvim_buf_set_lines(0, -2, -1, false, {})
end)

check("the cursor jumps to a member of the target", function()
  go("weights.predict", 9)
  vim.lsp.buf.definition()
  wait("another file", function()
    return vim.api.nvim_buf_get_name(0):match("model%.py$")
  end)
  assert(vim.api.nvim_get_current_line():find("def predict", 1, true))
  vim.api.nvim_set_current_buf(train)
end)

check("references fill the quickfix list", function()
  go("weights = store")
  vim.lsp.buf.references()
  wait("the list", function()
    return #vim.fn.getqflist() >= 5
  end)
  vim.cmd("cclose")
  vim.api.nvim_set_current_buf(train)
end)

if vim.lsp.inlay_hint then
  check("hints are shown", function()
    vim.lsp.inlay_hint.enable(true)
    local hints = wait("hints", function()
      local found = vim.lsp.inlay_hint.get({ bufnr = train })
      return #found > 0 and found
    end)
    local labels = vim.tbl_map(function(it)
      return it.inlay_hint.label
    end, hints)
    assert(vim.tbl_contains(labels, ": Proxy[Model]"), vim.inspect(labels))
  end)
end

if vim.lsp.semantic_tokens then
  check("names that are proxies are highlighted", function()
    go("print(weights", 6)
    local line, column = unpack(vim.api.nvim_win_get_cursor(0))
    wait("a token", function()
      local tokens = vim.lsp.semantic_tokens.get_at_pos(0, line - 1, column)
      return tokens and tokens[1] and tokens[1].modifiers.proxy
    end)
  end)
end

check("a finding is fixed", function()
  go("model is None")
  act(function(it)
    return it.isPreferred
  end)
  assert(text():find("return extract(model) is None", 1, true), text())
  assert(text():find("import Proxy, ProxyOr, extract\n", 1, true), text())
  wait_for_codes({ "type-check-on-proxy" })
end)

check("a finding vanishes when it is edited away", function()
  go("type(weights) is Model")
  local line = vim.api.nvim_win_get_cursor(0)[1]
  local before = vim.api.nvim_get_current_line()
  vim.api.nvim_buf_set_lines(0, line - 1, line, false, { 'greeting = "grüße 😀"' })
  wait_for_codes({})
  vim.api.nvim_buf_set_lines(0, line - 1, line, false, { before })
  wait_for_codes({ "type-check-on-proxy" })
end)

check("a finding is silenced", function()
  go("type(weights) is Model")
  act(function(it)
    return vim.inspect(it.edit or {}):find("proxycheck: ignore", 1, true)
  end)
  assert(text():find("is Model  # proxycheck: ignore[type-check-on-proxy]\n", 1, true), text())
  wait_for_codes({})
end)

check("a name is renamed in all its places", function()
  go("print(weights", 8)
  vim.lsp.buf.rename("gewichte")
  wait("the new name", function()
    return text():find("print(gewichte.predict", 1, true)
  end)
  assert(not text():find("weights%.") and text():find("\ngewichte = store", 1, true), text())
end)

check("the server ends", function()
  vim.lsp.stop_client(clients())
  wait("the end", function()
    return #clients() == 0
  end)
end)

say(("1..%d"):format(count))
vim.cmd(failures == 0 and "qall!" or "cquit!")
