/** The bundle as it is packaged, on a stand-in for the editor, with the real client and the real server. */

import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import Module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as vscode from "./vscode";

const { editor } = vscode;
const PROGRAM = process.env.PROXYCHECK;
const PATIENCE_MS = 60_000;

const TEXT = `\
from proxystore.proxy import Proxy


def evaluate(grüße: Proxy[str | None]) -> bool:
    return grüße is None
`;

interface Extension {
    activate(context: unknown): Promise<void>;
    deactivate(): Promise<void>;
}

function load(): Extension {
    const modules = Module as unknown as {
        _load(request: string, parent: unknown, isMain: boolean): unknown;
    };
    const original = modules._load;
    modules._load = (request, parent, isMain) =>
        request === "vscode" ? vscode : original.call(modules, request, parent, isMain);
    try {
        return require(join(process.cwd(), "dist/extension.js"));
    } finally {
        modules._load = original;
    }
}

async function until(condition: () => unknown, what: string) {
    const start = Date.now();
    while (!(await condition())) {
        if (Date.now() - start > PATIENCE_MS) {
            throw new Error(`waited in vain for ${what}; the log:\n${editor.log.join("\n")}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

const options = {
    skip: !PROGRAM && "PROXYCHECK does not name a program",
    timeout: 2 * PATIENCE_MS,
};
const extension = load();
let document: vscode.TextDocument;

const subscriptions: vscode.Disposable[] = [];

const folder = realpathSync(mkdtempSync(join(tmpdir(), "proxycheck-")));

before(async () => {
    editor.openFolder(folder);
    writeFileSync(join(folder, "train.py"), TEXT);
    if (PROGRAM) {
        await extension.activate({ subscriptions, extensionPath: process.cwd() });
        document = editor.open(join(folder, "train.py"));
    }
});

after(async () => {
    await extension.deactivate();
    for (const subscription of subscriptions) {
        subscription.dispose();
    }
    rmSync(folder, { recursive: true, force: true });
});

const rules = () =>
    (editor.diagnostics.get(document.uri.toString()) ?? []).map(
        (it) => (it.code as { value?: unknown })?.value ?? it.code,
    );
const isRunning = () => editor.statusItem.text.includes("check)");

test("the status tells that the server is running, and which", options, async () => {
    await until(isRunning, "the server");
    assert.match(editor.statusItem.tooltip, /^proxycheck \d+\.\d+\.\d+ is running/);
    assert.ok(editor.statusItem.tooltip.includes(String(PROGRAM)));
    assert.equal(editor.statusItem.backgroundColor, undefined);
    assert.equal(editor.statusItem.command, "proxycheck.showMenu");
});

test("findings come and go as the text changes", options, async () => {
    await until(() => rules().length, "a finding");
    assert.deepEqual(rules(), ["identity-check-on-proxy"]);
    const [finding] = editor.diagnostics.get(document.uri.toString()) ?? [];
    assert.deepEqual(finding?.range, new vscode.Range(4, 11, 4, 24));
    assert.equal(finding?.source, "proxycheck");
    const { target } = finding.code as { target: vscode.Uri };
    assert.equal(String(target), "proxycheck-rule:identity-check-on-proxy.md");
    editor.edit(document, TEXT.replace("is None", "== ''"));
    await until(() => rules().length === 0, "the finding to be gone");
    editor.edit(document, TEXT);
    await until(() => rules().length === 1, "the finding to be back");
});

test("hover asks the server", options, async () => {
    const hover = await editor.providers
        .get("Hover")
        ?.provideHover?.(
            document,
            new vscode.Position(4, 12),
            new vscode.CancellationTokenSource().token,
        );
    assert.match(JSON.stringify(hover), /Proxy\[str \| None\]/);
});

test("all commands of the manifest are there", options, async () => {
    const { default: manifest } = await import("../package.json");
    for (const { command } of manifest.contributes.commands) {
        assert.ok(editor.commands.has(command), command);
    }
});

test("the rule at the cursor is shown as a page", options, async () => {
    assert.ok(vscode.window.activeTextEditor);
    vscode.window.activeTextEditor.selection = new vscode.Selection(4, 13, 4, 13);
    await vscode.commands.executeCommand("proxycheck.showRuleAtCursor");
    const { command, args } = editor.called.at(-1) ?? {};
    assert.equal(command, "markdown.showPreview");
    const [uri] = args as [vscode.Uri];
    assert.equal(uri.toString(), "proxycheck-rule:identity-check-on-proxy.md");
    const page = await editor.contents.get(uri.scheme)?.provideTextDocumentContent(uri);
    assert.match(String(page), /identity-check-on-proxy/);

    // The command of the server's actions shows it the same way.
    const before = editor.called.length;
    await vscode.commands.executeCommand("proxycheck.showRule", "copy-of-proxy");
    assert.equal(editor.called.length, before + 1);
    assert.equal(String(editor.called.at(-1)?.args[0]), "proxycheck-rule:copy-of-proxy.md");

    await vscode.commands.executeCommand("proxycheck.showRule", "no-such-rule");
    assert.match(editor.messages.at(-1) ?? "", /no-such-rule/);
});

test("rules can be chosen from a list", options, async () => {
    editor.choose = (items) => items.find((it) => it.label === "size-of-proxy");
    await vscode.commands.executeCommand("proxycheck.showRules");
    assert.ok((editor.lists.at(-1)?.length ?? 0) > 20);
    assert.equal(String(editor.called.at(-1)?.args[0]), "proxycheck-rule:size-of-proxy.md");
});

test("the menu leads to the commands", options, async () => {
    editor.choose = (items) => items.find((it) => it.label.includes("log"));
    await vscode.commands.executeCommand("proxycheck.showMenu");
    assert.equal(editor.called.at(-1)?.command, "show the log");
    assert.equal(editor.lists.at(-1)?.length, 3);
});

test("settings reach the running server", options, async () => {
    editor.edit(document, `${TEXT}\nnumber: int = "text"\n`);
    editor.set("all", true);
    await until(() => rules().includes("invalid-assignment"), "everything to be reported");
    editor.set("all", undefined);
    editor.edit(document, TEXT);
    await until(() => rules().join() === "identity-check-on-proxy", "the rest to be gone");
});

test("a program that does not work is named, and another one is started", options, async () => {
    editor.set("path", "/no/such/proxycheck");
    await until(() => editor.statusItem.text.includes("error"), "the failure");
    assert.match(editor.statusItem.tooltip, /\/no\/such\/proxycheck \(no such program\)/);
    assert.match(editor.messages.at(-1) ?? "", /the setting proxycheck\.path/);
    assert.notEqual(editor.statusItem.backgroundColor, undefined);
    assert.deepEqual(rules(), [], "the findings of a server that is gone are shown");

    editor.set("path", PROGRAM);
    await until(isRunning, "the server");
    await until(() => rules().length === 1, "the finding");
    editor.set("path", undefined);
    await until(isRunning, "the server");
});

test("a server that dies is started again", options, async () => {
    // The client keeps the process; its number is in no interface.
    const { execFileSync } = await import("node:child_process");
    const children = () =>
        execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], {
            encoding: "utf8",
        })
            .split("\n")
            .filter((it) => it.endsWith("server"))
            .map((it) => Number.parseInt(it, 10));
    await until(() => children().length === 1 && isRunning(), "one server");
    const [first] = children();
    process.kill(Number(first), "SIGKILL");
    await until(() => isRunning() && children().length === 1 && children()[0] !== first, "another");
    editor.edit(document, `${TEXT}# edited\n`);
    await until(() => rules().length === 1, "the finding");
});
