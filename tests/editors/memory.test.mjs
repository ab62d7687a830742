// What the server keeps does not grow with what is typed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { HoverRequest } from "vscode-languageserver-protocol/node";
import { Client, PATIENCE_MS } from "./client.mjs";
import { at, FOUND_IN_TRAIN, Project, TRAIN } from "./project.mjs";

const EDITS = 1000;
const WARM_UP = 200;
/** How much more memory may be in use: allocators keep some. */
const GROWTH_MIB = 40;

const limits = { timeout: 3 * PATIENCE_MS, skip: process.platform !== "linux" };

test(`memory is flat over ${EDITS} edits`, limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN);
    const resident = async () => {
        const status = await readFile(`/proc/${client.process.pid}/status`, "utf8");
        return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
    };
    let before = 0;
    const { line } = at(TRAIN, "|greeting");
    const end = { line, character: 0 };
    for (let index = 0; index < WARM_UP + EDITS; index++) {
        if (index === WARM_UP) {
            before = await resident();
        }
        // New names each time, so that nothing that was computed can be used again.
        const added = `step_${index} = weights.predict(${index})\n`;
        await client.edit(uri, {
            range: { start: index === 0 ? end : { line, character: 0 }, end },
            newText: added,
        });
        end.line = line + 1;
        if (index % 10 === 0) {
            assert.deepEqual(await client.rules(uri), FOUND_IN_TRAIN);
            await client.connection.sendRequest(HoverRequest.type, {
                textDocument: { uri },
                position: { line, character: 0 },
            });
        } else {
            await client.diagnose(uri);
        }
    }
    const after = await resident();
    t.diagnostic(
        `${before.toFixed(0)} MiB after ${WARM_UP} edits, ${after.toFixed(0)} MiB at last`,
    );
    assert.ok(after - before < GROWTH_MIB, `grew from ${before} to ${after} MiB`);
});
