// How the server begins and ends, and what it makes of messages that should not be.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import {
    CancellationTokenSource,
    DidChangeTextDocumentNotification,
    DidCloseTextDocumentNotification,
    DidOpenTextDocumentNotification,
    ErrorCodes,
    ExitNotification,
    HoverRequest,
    InitializeRequest,
    LSPErrorCodes,
    ResponseError,
    ShutdownRequest,
    WorkspaceDiagnosticRequest,
} from "vscode-languageserver-protocol/node";
import { Client, capabilities, PATIENCE_MS, PROGRAM, until, within } from "./client.mjs";
import { at, FOUND_IN_TRAIN, MODEL, Project, span, TRAIN } from "./project.mjs";

const limits = { timeout: 2 * PATIENCE_MS };

/** @param {number} code */
const failsWith = (code) => (/** @type {unknown} */ error) =>
    error instanceof ResponseError && error.code === code;

test("the handshake tells what the server is and can", limits, async (t) => {
    const project = await Project.create(t);
    const client = new Client(t, { folders: [project.folder] });
    const { serverInfo, capabilities: can } = await client.initialize();
    const version = execFileSync(PROGRAM, ["version"], { encoding: "utf8" }).trim();
    assert.equal(`${serverInfo?.name} ${serverInfo?.version}`, version);

    for (const feature of /** @type {const} */ ([
        "definitionProvider",
        "documentHighlightProvider",
        "hoverProvider",
        "inlayHintProvider",
        "notebookDocumentSync",
        "referencesProvider",
        "semanticTokensProvider",
        "signatureHelpProvider",
        "typeDefinitionProvider",
    ])) {
        assert.ok(can[feature], feature);
    }
    assert.equal(/** @type {any} */ (can.textDocumentSync).change, 2);
    assert.equal(/** @type {any} */ (can.renameProvider).prepareProvider, true);
    assert.equal(can.completionProvider?.resolveProvider, true);
    assert.equal(can.diagnosticProvider?.workspaceDiagnostics, true);
    assert.ok(
        /** @type {any} */ (can.codeActionProvider).codeActionKinds.includes(
            "source.fixAll.proxycheck",
        ),
    );
    assert.deepEqual(can.executeCommandProvider?.commands, ["proxycheck.showRule"]);
    assert.equal(can.workspace?.workspaceFolders?.supported, true);

    const watches = () =>
        client.registrations.find((it) => it.method === "workspace/didChangeWatchedFiles");
    await until(watches, "a registration for changes of files");
    const globs = JSON.stringify(watches()?.registerOptions);
    for (const part of ["py", "ipynb", "proxycheck.toml", "pyproject.toml"]) {
        assert.ok(globs.includes(part), `${part} is not in ${globs}`);
    }
    assert.equal(await client.stop(), 0);
    assert.equal(client.stderr, "");
});

for (const [offered, chosen] of /** @type {const} */ ([
    [["utf-16", "utf-8"], "utf-8"],
    [["utf-32", "utf-16"], "utf-32"],
    [["utf-16"], "utf-16"],
    [undefined, "utf-16"],
])) {
    test(`positions are in ${chosen} if ${offered ?? "nothing"} is offered`, limits, async (t) => {
        const project = await Project.create(t);
        const client = new Client(t, {
            folders: [project.folder],
            capabilities: capabilities({ general: { positionEncodings: offered } }),
        });
        const { capabilities: can } = await client.initialize();
        assert.equal(can.positionEncoding ?? "utf-16", chosen);

        const uri = project.uri("train.py");
        await client.open(uri, TRAIN);
        const found = (await client.findings(uri)).find((it) => it.code === FOUND_IN_TRAIN[1]);
        // The line has characters of one, two and four bytes before the finding.
        const broken = '😀"; broken = ‹type(weights) is Model›';
        assert.deepEqual(found?.range, span(TRAIN, broken, chosen));
        const hover = await client.connection.sendRequest(HoverRequest.type, {
            textDocument: { uri },
            position: at(TRAIN, "type(weigh|ts) is", chosen),
        });
        assert.deepEqual(hover?.range, span(TRAIN, "type(‹weights›) is", chosen));

        // Edits are in the same units.
        const line = "; broken = type(weights) is Model";
        await client.edit(uri, { range: span(TRAIN, `😀"‹${line}›`, chosen), newText: "" });
        assert.deepEqual(await client.rules(uri), FOUND_IN_TRAIN.slice(0, 1));
    });
}

test("nothing is answered before the handshake or after the end", limits, async (t) => {
    const client = new Client(t);
    const hover = () =>
        client.connection.sendRequest(HoverRequest.type, {
            textDocument: { uri: "file:///x.py" },
            position: { line: 0, character: 0 },
        });
    await assert.rejects(hover(), failsWith(ErrorCodes.ServerNotInitialized));
    await client.initialize();
    assert.equal(await hover(), null);
    await assert.rejects(
        client.connection.sendRequest(InitializeRequest.type, {
            processId: null,
            rootUri: null,
            capabilities: {},
        }),
        failsWith(ErrorCodes.InvalidRequest),
    );
    await client.connection.sendRequest(ShutdownRequest.type);
    await assert.rejects(hover(), failsWith(ErrorCodes.InvalidRequest));
    await client.connection.sendNotification(ExitNotification.type);
    assert.equal(await within(client.ended, "the end"), 0);
});

test("exit without shutdown is a failure", limits, async (t) => {
    const client = await Client.start(t, {});
    await client.connection.sendNotification(ExitNotification.type);
    assert.equal(await within(client.ended, "the end"), 1);
});

test("the server ends when its input does", limits, async (t) => {
    const client = await Client.start(t, {});
    client.process.stdin.end();
    assert.equal(await within(client.ended, "the end", 15_000), 1);
});

test("the server ends when its client is gone and the pipes are held open", limits, async (t) => {
    const other = spawn("sleep", ["600"]);
    t.after(() => other.kill());
    await once(other, "spawn");
    const client = await Client.start(t, { processId: other.pid ?? null });
    other.kill();
    assert.equal(await within(client.ended, "the end", 15_000), 1);
});

test("messages that make no sense are answered, and the server lives", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");

    /** @type {any[]} */
    const answers = [];
    client.process.stdout.on("data", (it) => {
        const text = it.toString();
        for (const code of ["-32700", "-32600"]) {
            if (text.includes(`"code":${code}`)) {
                answers.push(code);
            }
        }
    });
    /** @param {string} text */
    const write = (text) =>
        client.process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    write('{"jsonrpc": "2.0", "id": 1, ');
    await until(() => answers.includes("-32700"), "an answer to what is not JSON");
    write("[]");
    write('"text"');
    write('{"jsonrpc": "2.0"}');
    write('{"jsonrpc": "2.0", "id": "none", "result": null}');

    const unknown = client.connection.sendRequest("proxycheck/nothing", {});
    await assert.rejects(unknown, failsWith(ErrorCodes.MethodNotFound));
    const invalid = client.connection.sendRequest("textDocument/hover", { position: "here" });
    await assert.rejects(invalid, failsWith(ErrorCodes.InvalidParams));
    await client.connection.sendNotification("proxycheck/nothing", {});
    await client.connection.sendNotification("$/nothing", {});
    await client.connection.sendNotification("textDocument/didOpen", { textDocument: 3 });

    // Out of order, twice, and outside of the text.
    await client.connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri, version: 7 },
        contentChanges: [{ text: "x" }],
    });
    await client.connection.sendNotification(DidCloseTextDocumentNotification.type, {
        textDocument: { uri },
    });
    await client.open(uri, "");
    await client.connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri, languageId: "python", version: 2, text: TRAIN },
    });
    const nowhere = { line: 10_000, character: 10_000 };
    await client.connection.sendRequest(HoverRequest.type, {
        textDocument: { uri },
        position: nowhere,
    });
    for (const address of ["untitled:", "not an address", "file:///", "https://example.com/x.py"]) {
        await client.connection
            .sendRequest(HoverRequest.type, { textDocument: { uri: address }, position: nowhere })
            .catch((error) => assert.ok(error instanceof ResponseError, `${error}`));
    }
    assert.deepEqual(await client.rules(uri), FOUND_IN_TRAIN);
    assert.equal(await client.stop(), 0);
});

test("what is cancelled is answered at once", limits, async (t) => {
    // Enough for the first check to take a while.
    const parts = Array.from({ length: 60 }, (_, index) => [`part_${index}.py`, TRAIN]);
    const project = await Project.create(t, { "model.py": MODEL, ...Object.fromEntries(parts) });
    const client = await Client.start(t, { folders: [project.folder] });
    const source = new CancellationTokenSource();
    const report = client.connection.sendRequest(
        WorkspaceDiagnosticRequest.type,
        { previousResultIds: [] },
        source.token,
    );
    source.cancel();
    await assert.rejects(report, failsWith(LSPErrorCodes.RequestCancelled));
    // What comes after is not affected.
    assert.equal((await client.diagnoseWorkspace()).size, 60);
    // Neither is it by cancelling what was answered or never asked.
    await client.connection.sendNotification("$/cancelRequest", { id: 12345 });
    assert.equal(await client.stop(), 0);
});
