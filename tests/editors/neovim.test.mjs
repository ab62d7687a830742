// Each Neovim that is installed, with the configuration that the guide gives for it.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PATIENCE_MS, PROGRAM } from "./client.mjs";
import { Project } from "./project.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const guide = readFileSync(join(here, "../../editors/README.md"), "utf8");

/** Paths of programs. */
const programs = (process.env.NEOVIM ?? "nvim").split(delimiter);

for (const program of programs) {
    const version = /^NVIM v(\d+)\.(\d+)\.(\d+)/.exec(
        execFileSync(program, ["--version"], { encoding: "utf8" }),
    );
    assert.ok(version, `${program} does not tell its version`);
    const [name, major = "", minor = ""] = version;

    test(`${name} works with the server`, { timeout: 3 * PATIENCE_MS }, async (t) => {
        const isRecent = Number(major) > 0 || Number(minor) >= 11;
        const project = await Project.create(t);
        const setup = await Project.create(t, { "setup.lua": code(isRecent ? "0.11" : "0.7") });
        const run = spawnSync(
            program,
            ["--headless", "-u", "NONE", "-i", "NONE", "-S", join(here, "neovim.lua")],
            {
                cwd: project.folder,
                encoding: "utf8",
                timeout: 2 * PATIENCE_MS,
                env: {
                    ...process.env,
                    PATH: `${dirname(PROGRAM)}${delimiter}${process.env.PATH}`,
                    SETUP: setup.path("setup.lua"),
                    // Its log and its state are no business of whoever runs the tests.
                    XDG_CACHE_HOME: setup.folder,
                    XDG_CONFIG_HOME: setup.folder,
                    XDG_DATA_HOME: setup.folder,
                    XDG_STATE_HOME: setup.folder,
                },
            },
        );
        const output = `${run.stdout}${run.stderr}`;
        for (const line of run.stdout.split("\n").filter((it) => /^ok/.test(it))) {
            t.diagnostic(line);
        }
        assert.equal(run.status, 0, output);
        const plan = /^1\.\.(\d+)$/m.exec(run.stdout);
        assert.ok(plan, output);
        assert.equal(run.stdout.match(/^ok /gm)?.length, Number(plan[1]), output);
    });
}

/** The configuration of the guide for a version. @param {string} version */
function code(version) {
    const [, text = ""] = guide.split(`<!-- tested: neovim ${version} -->\n\`\`\`lua\n`);
    assert.ok(text, `the guide has no configuration for Neovim ${version}`);
    return text.slice(0, text.indexOf("```"));
}
