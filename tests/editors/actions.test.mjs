// What the editor can do about findings.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ExecuteCommandRequest, ResponseError } from "vscode-languageserver-protocol/node";
import { Client, PATIENCE_MS, until } from "./client.mjs";
import { FOUND_IN_TRAIN, Project, span, TRAIN } from "./project.mjs";

const limits = { timeout: 2 * PATIENCE_MS };
const [IDENTITY, TYPE] = FOUND_IN_TRAIN;
const PLACE = span(TRAIN, "return ‹model is None›");

/** @param {import("node:test").TestContext} context @param {string} text */
async function open(context, text = TRAIN) {
    const project = await Project.create(context);
    const client = await Client.start(context, { folders: [project.folder] });
    const uri = project.uri("train.py");
    await client.open(uri, text);
    return { client, uri, project };
}

test("a finding can be fixed", limits, async (t) => {
    const { client, uri } = await open(t);
    const fixes = (await client.actions(uri, PLACE)).filter(
        (it) => it.kind === "quickfix" && it.isPreferred,
    );
    assert.equal(fixes.length, 1);
    assert.deepEqual(
        fixes[0]?.diagnostics?.map((it) => it.code),
        [IDENTITY],
    );
    await client.apply(fixes[0]?.edit);
    assert.ok(client.text(uri).includes("    return extract(model) is None\n"));
    assert.ok(client.text(uri).includes("import Proxy, ProxyOr, extract\n"));
    assert.deepEqual(await client.rules(uri), [TYPE]);
});

test("a fix behind characters of several units is right", limits, async (t) => {
    const { client, uri } = await open(t);
    const [fix] = (await client.actions(uri, span(TRAIN, "= ‹type(weights)› is"))).filter(
        (it) => it.isPreferred,
    );
    await client.apply(fix?.edit);
    assert.ok(client.text(uri).includes('"grüße 😀"; broken = type(extract(weights)) is Model\n'));
    assert.deepEqual(await client.rules(uri), [IDENTITY]);
});

test("a finding can be silenced in its line", limits, async (t) => {
    const { client, uri } = await open(t);
    const [ignore, ...others] = (await client.actions(uri, PLACE)).filter((it) =>
        JSON.stringify(it.edit ?? {}).includes("proxycheck: ignore["),
    );
    assert.deepEqual(others, []);
    assert.equal(ignore?.kind, "quickfix");
    assert.ok(!ignore.isPreferred);
    await client.apply(ignore.edit);
    assert.ok(
        client.text(uri).includes(`return model is None  # proxycheck: ignore[${IDENTITY}]\n`),
        client.text(uri),
    );
    assert.deepEqual(await client.rules(uri), [TYPE]);
});

test("a second rule is added to the comment that is there", limits, async (t) => {
    const both = "pair = (type(weights) is Model, weights.lable)";
    const text = `${TRAIN}${both}  # proxycheck: ignore[${TYPE}]\n`;
    const { client, uri } = await open(t, text);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE, "unresolved-attribute"]);
    const place = span(text, "Model, ‹weights.lable›)");
    const [ignore] = (await client.actions(uri, place)).filter((it) => /ignore/i.test(it.title));
    await client.apply(ignore?.edit);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE]);
    assert.equal(client.text(uri).split("proxycheck: ignore").length, 2, client.text(uri));
});

test("all safe fixes are one action", limits, async (t) => {
    const { client, uri } = await open(t);
    const whole = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };
    for (const only of ["source", "source.fixAll", "source.fixAll.proxycheck"]) {
        const found = await client.actions(uri, whole, [only]);
        assert.deepEqual(
            found.map((it) => it.kind),
            ["source.fixAll.proxycheck"],
            only,
        );
    }
    assert.deepEqual(await client.actions(uri, whole, ["source.organizeImports"]), []);
    const [all] = await client.actions(uri, whole, ["source.fixAll.proxycheck"]);
    await client.apply(all?.edit);
    assert.ok(client.text(uri).includes("return extract(model) is None"));
    assert.ok(client.text(uri).includes("type(extract(weights)) is Model"));
    assert.equal(client.text(uri).split("extract\n").length, 2, "one import");
    assert.deepEqual(await client.rules(uri), []);
    assert.deepEqual(await client.actions(uri, whole, ["source.fixAll.proxycheck"]), []);
});

test("a parameter can be made to take proxies, too", limits, async (t) => {
    const plain = `\
from proxystore.connectors.local import LocalConnector
from proxystore.store import Store

from model import Model, load

store = Store("weights", LocalConnector())


def describe(model: Model) -> str:
    return model.name


print(describe(store.proxy(load())))
`;
    const { client, uri } = await open(t, plain);
    const actions = await client.actions(uri, span(plain, "describe(‹model›: Model"));
    const [widen, ...others] = actions.filter((it) => it.title.includes("ProxyOr"));
    assert.ok(widen, JSON.stringify(actions.map((it) => it.title)));
    assert.deepEqual(others, []);
    await client.apply(widen.edit);
    assert.ok(client.text(uri).includes("def describe(model: ProxyOr[Model]) -> str:"));
    assert.match(client.text(uri), /^from proxystore\.proxy import ProxyOr$/m);
    assert.deepEqual(await client.rules(uri), []);
});

test("a proxy can be resolved before it is used", limits, async (t) => {
    const { client, uri } = await open(t);
    const actions = await client.actions(uri, span(TRAIN, "print(‹weights›.predict"));
    const extract = actions.find(
        (it) => it.kind === "refactor.rewrite" && JSON.stringify(it.edit).includes("extract("),
    );
    assert.ok(extract, JSON.stringify(actions.map((it) => it.title)));
    await client.apply(extract.edit);
    assert.match(client.text(uri), /extract\(weights\)/);
    assert.match(client.text(uri), /^from proxystore\.proxy import Proxy, ProxyOr, extract$/m);
    assert.deepEqual(await client.rules(uri), FOUND_IN_TRAIN);
});

test("the page of a rule can be read", limits, async (t) => {
    const { client, uri } = await open(t);
    const show = (await client.actions(uri, PLACE)).find((it) => it.command);
    assert.deepEqual(show?.command?.arguments, [IDENTITY]);
    assert.equal(show.command.command, "proxycheck.showRule");

    const page = await client.connection.sendRequest("proxycheck/rulePage", { rule: IDENTITY });
    const { markdown } = /** @type {{ markdown: string }} */ (page);
    assert.match(markdown, /identity-check-on-proxy/);
    assert.match(markdown, /```py(thon)?\n/);
    await assert.rejects(
        client.connection.sendRequest("proxycheck/rulePage", { rule: "no-rule" }),
        (error) => error instanceof ResponseError && error.message.includes("no-rule"),
    );

    await client.connection.sendRequest(ExecuteCommandRequest.type, {
        command: show.command.command,
        arguments: [IDENTITY],
    });
    await until(() => client.shown.length > 0, "the page to be shown");
    assert.equal(await client.stop(), 0);
    // The editor may keep it open.
    const file = fileURLToPath(client.shown[0] ?? "");
    assert.match(await readFile(file, "utf8"), /identity-check-on-proxy/);
});
