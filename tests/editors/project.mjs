// A small project in a temporary folder, and places in its files.

import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** @typedef {import("vscode-languageserver-protocol").Position} Position */
/** @typedef {import("vscode-languageserver-protocol").Range} Range */
/** @typedef {"utf-8" | "utf-16" | "utf-32"} Encoding */

export const MODEL = `\
"""What is moved by proxy."""


class Model:
    """A model of something."""

    name: str = "größe"

    def predict(self, count: int, scale: float = 1.0) -> list[float]:
        """Predicts \`count\` values."""
        return [scale] * count


def load() -> Model:
    return Model()
`;

export const TRAIN = `\
from proxystore.connectors.local import LocalConnector
from proxystore.proxy import Proxy, ProxyOr
from proxystore.store import Store

from model import Model, load

store = Store("weights", LocalConnector())
weights = store.proxy(load())


def evaluate(model: Proxy[Model | None]) -> bool:
    return model is None


def summarize(model: ProxyOr[Model]) -> str:
    return model.name


greeting = "grüße 😀"; broken = type(weights) is Model
print(weights.predict(3, 0.5), evaluate(weights), summarize(weights))
`;

/** The code cells of the notebook, between which is one of Markdown. */
export const CELLS = [
    `\
from proxystore.connectors.local import LocalConnector
from proxystore.store import Store

from model import Model

store = Store("notebook", LocalConnector())
weights = store.proxy(Model())`,
    `label = "grüße 😀"; type(weights) is Model`,
];

export const NOTEBOOK = JSON.stringify({
    cells: [
        { cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: CELLS[0] },
        { cell_type: "markdown", metadata: {}, source: "# Results" },
        { cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: CELLS[1] },
    ],
    metadata: { language_info: { name: "python" } },
    nbformat: 4,
    nbformat_minor: 4,
});

/** The rules of what is found in \`train.py\`, in order. */
export const FOUND_IN_TRAIN = ["identity-check-on-proxy", "type-check-on-proxy"];

/** A folder with files in it. */
export class Project {
    /** @param {import("node:test").TestContext} context */
    constructor(context) {
        this.folder = realpathSync(mkdtempSync(join(tmpdir(), "proxycheck-")));
        context.after(() => rmSync(this.folder, { recursive: true, force: true }));
    }

    /**
     * @param {import("node:test").TestContext} context
     * @param {Record<string, string>} files
     */
    static async create(
        context,
        files = { "model.py": MODEL, "train.py": TRAIN, "analysis.ipynb": NOTEBOOK },
    ) {
        const project = new Project(context);
        for (const [name, text] of Object.entries(files)) {
            await project.write(name, text);
        }
        return project;
    }

    /** @param {string} name */
    path(name) {
        return join(this.folder, name);
    }

    /** @param {string} name */
    uri(name) {
        return pathToFileURL(this.path(name)).href;
    }

    /** @param {string} name @param {string} text */
    async write(name, text) {
        await mkdir(dirname(this.path(name)), { recursive: true });
        await writeFile(this.path(name), text);
    }

    /** @param {string} name */
    read(name) {
        return readFile(this.path(name), "utf8");
    }

    /** @param {string} name */
    async remove(name) {
        await rm(this.path(name));
    }
}

/**
 * The place in `text` that is marked by `|` in `pattern`, which must occur once without it.
 *
 * @param {string} text @param {string} pattern @param {Encoding} [encoding]
 */
export function at(text, pattern, encoding) {
    const mark = pattern.indexOf("|");
    return toPosition(text, find(text, pattern.replace("|", "")) + mark, encoding);
}

/**
 * The range in `text` that is marked by `‹` and `›` in `pattern`.
 *
 * @param {string} text @param {string} pattern @param {Encoding} [encoding]
 * @returns {Range}
 */
export function span(text, pattern, encoding) {
    const start = find(text, pattern.replace(/[‹›]/g, ""));
    return {
        start: toPosition(text, start + pattern.indexOf("‹"), encoding),
        end: toPosition(text, start + pattern.indexOf("›") - 1, encoding),
    };
}

/** @param {string} text @param {string} part */
function find(text, part) {
    const offset = text.indexOf(part);
    assert.ok(offset >= 0, `no ${part} in the text`);
    assert.equal(text.indexOf(part, offset + 1), -1, `more than one ${part} in the text`);
    return offset;
}

/**
 * @param {string} text @param {number} offset @param {Encoding} encoding
 * @returns {Position}
 */
export function toPosition(text, offset, encoding = "utf-16") {
    const lines = text.slice(0, offset).split("\n");
    const before = lines.at(-1) ?? "";
    const lengths = {
        "utf-8": Buffer.byteLength(before),
        "utf-16": before.length,
        "utf-32": [...before].length,
    };
    return { line: lines.length - 1, character: lengths[encoding] };
}
