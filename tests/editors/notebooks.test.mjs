// Notebooks, open and on disk.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
    CompletionRequest,
    DefinitionRequest,
    DidChangeNotebookDocumentNotification,
    DidCloseNotebookDocumentNotification,
    DidOpenNotebookDocumentNotification,
    HoverRequest,
} from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { Client, capabilities, PATIENCE_MS, rulesOf, until } from "./client.mjs";
import { at, CELLS, Project, span } from "./project.mjs";

const limits = { timeout: 2 * PATIENCE_MS };
const [FIRST = "", SECOND = ""] = CELLS;
const RULE = "type-check-on-proxy";

/** @param {import("node:test").TestContext} context @param {import("./client.mjs").Options} options */
async function open(context, options = {}) {
    const project = await Project.create(context);
    const client = await Client.start(context, { folders: [project.folder], ...options });
    const uri = project.uri("analysis.ipynb");
    const cell = (/** @type {string} */ name) =>
        `${uri.replace("file:", "vscode-notebook-cell:")}#${name}`;
    const [first, prose, second] = [cell("first"), cell("prose"), cell("second")];
    await client.connection.sendNotification(DidOpenNotebookDocumentNotification.type, {
        notebookDocument: {
            uri,
            notebookType: "jupyter-notebook",
            version: 1,
            cells: [
                { kind: 2, document: first },
                { kind: 1, document: prose },
                { kind: 2, document: second },
            ],
        },
        cellTextDocuments: [
            { uri: first, languageId: "python", version: 1, text: FIRST },
            { uri: prose, languageId: "markdown", version: 1, text: "# Results" },
            { uri: second, languageId: "python", version: 1, text: SECOND },
        ],
    });
    // Cells are documents whose texts the notebook's messages carry.
    client.documents.set(second, TextDocument.create(second, "python", 1, SECOND));
    let version = 1;
    /** @param {import("vscode-languageserver-protocol").NotebookDocumentChangeEvent} change */
    const change = (change) => {
        version += 1;
        return client.connection.sendNotification(DidChangeNotebookDocumentNotification.type, {
            notebookDocument: { uri, version },
            change,
        });
    };
    return { project, client, uri, first, prose, second, change };
}

test("a cell knows what is defined in the cells before", limits, async (t) => {
    const { client, first, second } = await open(t);
    const { connection } = client;
    assert.deepEqual(await client.rules(first), []);
    const [finding, ...others] = await client.findings(second);
    assert.deepEqual(others, []);
    assert.equal(finding?.code, RULE);
    assert.deepEqual(finding.range, span(SECOND, "; ‹type(weights) is Model›"));
    assert.deepEqual(
        finding.relatedInformation?.map((it) => it.location),
        [{ uri: first, range: span(FIRST, "\n‹weights› = store") }],
    );

    const place = { textDocument: { uri: second }, position: at(SECOND, "weigh|ts) is") };
    const hover = await connection.sendRequest(HoverRequest.type, place);
    assert.match(JSON.stringify(hover?.contents), /Proxy\[Model\]/);
    assert.deepEqual(hover?.range, span(SECOND, "; type(‹weights›) is"));
    const found = await connection.sendRequest(DefinitionRequest.type, place);
    const [definition] = /** @type {import("vscode-languageserver-protocol").LocationLink[]} */ (
        found
    );
    assert.equal(definition?.targetUri, first);
    assert.deepEqual(definition.targetSelectionRange, span(FIRST, "\n‹weights› = store"));
});

test("cells are edited, added, moved and removed", limits, async (t) => {
    const { client, uri, first, second, change } = await open(t);
    await change({
        cells: {
            textContent: [
                {
                    document: { uri: second, version: 2 },
                    changes: [
                        { range: span(SECOND, '😀"; ‹type(weights) is Model›'), text: "weights." },
                    ],
                },
            ],
        },
    });
    const edited = 'label = "grüße 😀"; weights.';
    const completions = await client.connection.sendRequest(CompletionRequest.type, {
        textDocument: { uri: second },
        position: at(edited, "weights.|"),
    });
    assert.match(JSON.stringify(completions), /"predict"/);
    await change({
        cells: {
            textContent: [
                {
                    document: { uri: second, version: 3 },
                    changes: [{ text: "type(weights) is Model" }],
                },
            ],
        },
    });
    assert.deepEqual(await client.rules(second), [RULE]);

    const third = `${second}-copy`;
    await change({
        cells: {
            structure: {
                array: { start: 3, deleteCount: 0, cells: [{ kind: 2, document: third }] },
                didOpen: [{ uri: third, languageId: "python", version: 1, text: SECOND }],
            },
        },
    });
    assert.deepEqual(await client.rules(third), [RULE]);

    // Without the first cell the name is not defined, and nothing is known of it.
    await change({
        cells: {
            structure: {
                array: { start: 0, deleteCount: 1 },
                didClose: [{ uri: first }],
            },
        },
    });
    assert.deepEqual(await client.rules(second), []);
    assert.deepEqual(await client.rules(third), []);

    await client.connection.sendNotification(DidCloseNotebookDocumentNotification.type, {
        notebookDocument: { uri },
        cellTextDocuments: [{ uri: second }, { uri: third }],
    });
    await until(
        async () => (await client.workspaceRules())[uri]?.includes(RULE),
        "the file on disk to count again",
    );
});

test("fixes of a cell are edits of cells", limits, async (t) => {
    const { client, first, second } = await open(t);
    client.documents.set(first, TextDocument.create(first, "python", 1, FIRST));
    const actions = await client.actions(second, span(SECOND, "; ‹type(weights) is Model›"));
    const fix = actions.find((it) => it.isPreferred);
    assert.ok(fix?.edit);
    const edits = fix.edit.changes ?? {};
    const changed = fix.edit.documentChanges?.map((it) =>
        "textDocument" in it ? it.textDocument.uri : "",
    );
    assert.deepEqual((changed ?? Object.keys(edits)).sort(), [first, second].sort());
});

test("findings in cells are sent to clients that do not ask", limits, async (t) => {
    const { client, second } = await open(t, {
        capabilities: capabilities({ textDocument: { diagnostic: undefined } }),
    });
    await until(() => client.lastPublished(second)?.diagnostics.length, "a finding in a cell");
    assert.deepEqual(rulesOf(client.lastPublished(second)?.diagnostics ?? []), [RULE]);
});

test("a notebook that is not open is checked with the workspace", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const report = (await client.diagnoseWorkspace()).get(project.uri("analysis.ipynb"));
    assert.ok(report?.kind === "full");
    assert.deepEqual(rulesOf(report.items), [RULE]);
    assert.match(String(report.items[0]?.message), /cell 3/i);
});
