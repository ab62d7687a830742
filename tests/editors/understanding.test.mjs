// What the editor is told about the program.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
    CompletionRequest,
    CompletionResolveRequest,
    DefinitionRequest,
    DocumentHighlightRequest,
    HoverRequest,
    InlayHintRefreshRequest,
    InlayHintRequest,
    PrepareRenameRequest,
    ReferencesRequest,
    RenameRequest,
    ResponseError,
    SemanticTokensRangeRequest,
    SemanticTokensRequest,
    SignatureHelpRequest,
    TypeDefinitionRequest,
} from "vscode-languageserver-protocol/node";
import { Client, capabilities, editsOf, PATIENCE_MS, until } from "./client.mjs";
import { at, MODEL, Project, span, TRAIN } from "./project.mjs";

/** @typedef {import("vscode-languageserver-protocol").LocationLink} LocationLink */
/** @typedef {import("vscode-languageserver-protocol").Range} Range */

const limits = { timeout: 2 * PATIENCE_MS };
const WHOLE = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };

/**
 * @param {import("node:test").TestContext} context
 * @param {string} [text]
 * @param {import("./client.mjs").Options} [options]
 */
async function open(context, text = TRAIN, options = {}) {
    const project = await Project.create(context);
    const client = await Client.start(context, { folders: [project.folder], ...options });
    const uri = project.uri("train.py");
    await client.open(uri, text);
    const place = (/** @type {string} */ pattern) => ({
        textDocument: { uri },
        position: at(text, pattern),
    });
    return { project, client, uri, text, place, connection: client.connection };
}

/** @param {import("vscode-languageserver-protocol").Hover | null} hover */
function markdownOf(hover) {
    assert.ok(hover && typeof hover.contents === "object" && "value" in hover.contents);
    return hover.contents.value;
}

test("hover tells what a proxy stands for", limits, async (t) => {
    const { connection, place, text } = await open(t);
    const proxy = await connection.sendRequest(HoverRequest.type, place("print(weigh|ts.predict"));
    assert.match(markdownOf(proxy), /Proxy\[Model\]/);
    assert.deepEqual(proxy?.range, span(text, "print(‹weights›.predict"));

    // The documentation of a member comes through the proxy.
    const member = await connection.sendRequest(HoverRequest.type, place("weights.pre|dict(3"));
    assert.match(markdownOf(member), /count: int/);
    assert.match(markdownOf(member), /Predicts `count` values/);

    const either = await connection.sendRequest(HoverRequest.type, place("return mo|del.name"));
    assert.match(markdownOf(either), /Proxy(Or)?\[Model\]/);
    assert.match(markdownOf(either), /a proxy or not/);
    assert.equal(await connection.sendRequest(HoverRequest.type, place("grüße| 😀")), null);
});

test("clients without Markdown get plain text", limits, async (t) => {
    const { connection, place } = await open(t, TRAIN, {
        capabilities: capabilities({ textDocument: { hover: { contentFormat: ["plaintext"] } } }),
    });
    const hover = await connection.sendRequest(HoverRequest.type, place("weights.pre|dict(3"));
    assert.equal(/** @type {any} */ (hover)?.contents.kind, "plaintext");
    assert.ok(!markdownOf(hover).includes("```"));
});

test("completion offers the members of the target", limits, async (t) => {
    const text = `${TRAIN}weights.\n`;
    const { connection, place, uri, client } = await open(t, text);
    const complete = async (/** @type {any} */ where) => {
        const found = await connection.sendRequest(CompletionRequest.type, where);
        assert.ok(found);
        return Array.isArray(found) ? found : found.items;
    };
    const items = await complete(place("\nweights.|\n"));
    const labels = items.map((it) => it.label);
    assert.ok(labels.includes("predict") && labels.includes("name"), `${labels}`);
    assert.ok(!labels.includes("keys"), `${labels}`);
    for (const label of labels) {
        assert.equal(labels.indexOf(label), labels.lastIndexOf(label), `${label} is there twice`);
    }
    // The target's own members come before what all objects have.
    const sorted = items
        .toSorted((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1))
        .map((it) => it.label);
    assert.ok(sorted.indexOf("predict") < sorted.indexOf("__class__"));

    const predict = items.find((it) => it.label === "predict");
    assert.ok(predict);
    assert.equal(predict.kind, 2);
    assert.match(predict.detail ?? "", /count: int/);
    const resolved = await connection.sendRequest(CompletionResolveRequest.type, predict);
    assert.match(JSON.stringify(resolved.documentation), /Predicts `count` values/);

    // A part of the name is there already, which the completion replaces.
    const typed = text.replace("\nweights.\n", "\nweights.pre\n");
    await client.replace(uri, typed);
    const [only, ...others] = (
        await complete({ textDocument: { uri }, position: at(typed, "\nweights.pre|\n") })
    ).filter((it) => it.label.startsWith("pre"));
    assert.equal(only?.label, "predict");
    assert.deepEqual(others, []);
    if (only.textEdit) {
        assert.deepEqual(
            /** @type {any} */ (only.textEdit).range,
            span(typed, "\nweights.‹pre›\n"),
        );
    }
});

test("signature help shows the target's parameters", limits, async (t) => {
    const { connection, place } = await open(t);
    const first = await connection.sendRequest(SignatureHelpRequest.type, place("predict(|3"));
    const signature = first?.signatures[first.activeSignature ?? 0];
    assert.ok(signature);
    assert.match(signature.label, /count: int, scale: float/);
    assert.ok(!signature.label.includes("self"), signature.label);
    const names = signature.parameters?.map(({ label }) =>
        typeof label === "string" ? label : signature.label.slice(...label),
    );
    assert.match(names?.[0] ?? "", /^count/);
    assert.match(names?.[1] ?? "", /^scale/);
    assert.match(JSON.stringify(signature.documentation), /Predicts `count` values/);
    assert.equal(signature.activeParameter ?? first?.activeParameter, 0);
    const second = await connection.sendRequest(SignatureHelpRequest.type, place("3, 0|.5"));
    assert.equal(second?.signatures[0]?.activeParameter ?? second?.activeParameter, 1);
    const outside = await connection.sendRequest(SignatureHelpRequest.type, place("|greeting"));
    assert.ok(!outside?.signatures.length);
});

test("definitions are found through the proxy", limits, async (t) => {
    const { connection, place, project, uri, text } = await open(t);
    const define = async (/** @type {string} */ pattern) =>
        /** @type {LocationLink[]} */ (
            await connection.sendRequest(DefinitionRequest.type, place(pattern))
        );
    const [member, ...others] = await define("weights.pre|dict(3");
    assert.deepEqual(others, []);
    assert.equal(member?.targetUri, project.uri("model.py"));
    assert.deepEqual(member.targetSelectionRange, span(MODEL, "def ‹predict›"));
    assert.deepEqual(member.originSelectionRange, span(text, "weights.‹predict›(3"));

    const [variable] = await define("print(weigh|ts.predict");
    assert.equal(variable?.targetUri, uri);
    assert.deepEqual(variable.targetSelectionRange, span(text, "\n‹weights› = store"));
    const [attribute] = await define("return model.na|me");
    assert.deepEqual(attribute?.targetSelectionRange, span(MODEL, "    ‹name›: str"));

    const found = await connection.sendRequest(
        TypeDefinitionRequest.type,
        place("print(weigh|ts.predict"),
    );
    const types = /** @type {LocationLink[]} */ (found);
    assert.ok(
        types.some(
            (it) =>
                it.targetUri === project.uri("model.py") &&
                it.targetSelectionRange.start.line === span(MODEL, "class ‹Model›").start.line,
        ),
        JSON.stringify(types),
    );
});

test("clients without links get locations", limits, async (t) => {
    const { connection, place, project } = await open(t, TRAIN, {
        capabilities: capabilities({ textDocument: { definition: { linkSupport: false } } }),
    });
    const found = await connection.sendRequest(DefinitionRequest.type, place("weights.pre|dict(3"));
    assert.deepEqual([found].flat(), [
        { uri: project.uri("model.py"), range: span(MODEL, "def ‹predict›") },
    ]);
});

/** @param {{ uri?: string, range: Range }[]} places */
const sorted = (places) =>
    places.map((it) => `${it.uri ?? ""} ${it.range.start.line}:${it.range.start.character}`).sort();

test("references are found in all files", limits, async (t) => {
    const { connection, place, project, client, uri, text } = await open(t);
    const model = project.uri("model.py");
    await client.open(model, MODEL);
    const inModel = await connection.sendRequest(ReferencesRequest.type, {
        textDocument: { uri: model },
        position: at(MODEL, "def pre|dict"),
        context: { includeDeclaration: true },
    });
    assert.deepEqual(
        sorted(inModel ?? []),
        sorted([
            { uri: model, range: span(MODEL, "def ‹predict›") },
            { uri, range: span(text, "weights.‹predict›(3") },
        ]),
    );
    const uses = [
        span(text, "type(‹weights›) is"),
        span(text, "print(‹weights›.predict"),
        span(text, "evaluate(‹weights›)"),
        span(text, "summarize(‹weights›)"),
    ];
    const here = await connection.sendRequest(ReferencesRequest.type, {
        ...place("print(weigh|ts.predict"),
        context: { includeDeclaration: false },
    });
    assert.deepEqual(sorted(here ?? []), sorted(uses.map((range) => ({ uri, range }))));

    const highlights = await connection.sendRequest(
        DocumentHighlightRequest.type,
        place("print(weigh|ts.predict"),
    );
    const written = span(text, "\n‹weights› = store");
    assert.deepEqual(
        sorted(highlights ?? []),
        sorted([written, ...uses].map((range) => ({ range }))),
    );
    assert.deepEqual(
        highlights?.filter((it) => it.kind === 3).map((it) => it.range),
        [written],
    );
});

test("what is renamed is renamed in all files", limits, async (t) => {
    const { connection, place, project, client, uri, text } = await open(t);
    const model = project.uri("model.py");
    await client.open(model, MODEL);
    const range = await connection.sendRequest(
        PrepareRenameRequest.type,
        place("weights.pre|dict(3"),
    );
    assert.deepEqual(range, span(text, "weights.‹predict›(3"));
    const edit = await connection.sendRequest(RenameRequest.type, {
        ...place("weights.pre|dict(3"),
        newName: "forecast",
    });
    assert.ok(edit);
    assert.deepEqual(Object.keys(editsOf(edit)).sort(), [model, uri].sort());
    await client.apply(edit);
    assert.equal(client.text(uri), text.replace("weights.predict", "weights.forecast"));
    assert.equal(client.text(model), MODEL.replace("def predict", "def forecast"));

    const refused = (/** @type {string} */ pattern, /** @type {string} */ newName) =>
        assert.rejects(
            connection.sendRequest(RenameRequest.type, { ...place(pattern), newName }),
            (error) => error instanceof ResponseError && error.message.length > 0,
        );
    await refused("print(weigh|ts", "not a name");
    await refused("print(weigh|ts", "class");
    await refused("proxystore.store import Sto|re", "Shop");
});

test("hints show types and what resolves a proxy", limits, async (t) => {
    const { connection, uri, text, client } = await open(t);
    const hints = async (/** @type {Range} */ range) =>
        (
            (await connection.sendRequest(InlayHintRequest.type, {
                textDocument: { uri },
                range,
            })) ?? []
        ).map((it) => ({
            position: it.position,
            label:
                typeof it.label === "string"
                    ? it.label
                    : it.label.map(({ value }) => value).join(""),
            isType: it.kind === 1,
        }));
    const all = await hints(WHOLE);
    const types = all.filter((it) => it.isType);
    const resolves = all.filter((it) => !it.isType);
    assert.deepEqual(types, [
        {
            position: span(text, "\nweights‹› = store").start,
            label: ": Proxy[Model]",
            isType: true,
        },
    ]);
    const marked = resolves.map((it) => it.position.line);
    assert.ok(marked.includes(at(text, "print|(").line), JSON.stringify(resolves));
    assert.ok(!marked.includes(at(text, "|store = ").line), JSON.stringify(resolves));
    assert.ok(!marked.includes(at(text, "|return model is None").line), JSON.stringify(resolves));
    // Only what is asked for.
    const { line } = at(text, "|print(");
    const last = { start: { line, character: 0 }, end: { line: line + 1, character: 0 } };
    assert.deepEqual(
        await hints(last),
        all.filter((it) => it.position.line === line),
    );

    const before = client.refreshes[InlayHintRefreshRequest.method] ?? 0;
    await client.configure({ inlayHints: { types: false } });
    await until(async () => (await hints(WHOLE)).length < all.length, "hints without types");
    assert.deepEqual(await hints(WHOLE), resolves);
    await until(
        () => (client.refreshes[InlayHintRefreshRequest.method] ?? 0) > before,
        "a request to ask again",
    );
    await client.configure({ inlayHints: { types: true, resolves: false } });
    await until(
        async () => JSON.stringify(await hints(WHOLE)) === JSON.stringify(types),
        "hints of types only",
    );
});

test("names that are proxies are marked", limits, async (t) => {
    const { connection, uri, text } = await open(t);
    /** @param {import("vscode-languageserver-protocol").SemanticTokens | null} tokens */
    const decode = (tokens) => {
        /** @type {string[]} */
        const names = [];
        let [line, character] = [0, 0];
        const data = tokens?.data ?? [];
        for (let index = 0; index < data.length; index += 5) {
            const [down = 0, right = 0, length = 0, type, modifiers] = data.slice(index);
            character = down === 0 ? character + right : right;
            line += down;
            assert.deepEqual([type, modifiers], [0, 1]);
            names.push(`${line} ${text.split("\n")[line]?.slice(character, character + length)}`);
        }
        return names;
    };
    const whole = decode(
        await connection.sendRequest(SemanticTokensRequest.type, { textDocument: { uri } }),
    );
    const { line } = at(text, "|greeting");
    for (const name of [`${line} weights`, `${line + 1} weights`, "11 model"]) {
        assert.ok(whole.includes(name), `${name} is not in ${whole}`);
    }
    assert.ok(
        whole.every((it) => /^\d+ (weights|model|_?\w+)$/.test(it)),
        `${whole}`,
    );
    assert.ok(!whole.some((it) => /store|greeting|broken/.test(it)), `${whole}`);
    const range = { start: { line, character: 0 }, end: { line: line + 1, character: 0 } };
    const part = decode(
        await connection.sendRequest(SemanticTokensRangeRequest.type, {
            textDocument: { uri },
            range,
        }),
    );
    assert.deepEqual(
        part,
        whole.filter((it) => it.startsWith(`${line} `)),
    );
});
