import assert from "node:assert/strict";
import { test } from "node:test";
import manifest from "../package.json";
import { expand, pathSetting, type Reader, serverSettings } from "../src/settings";

const VARIABLES = { home: "/home/ada", folder: "/work/sim", environment: { ENVS: "/envs" } };

/** Settings over the defaults of the manifest, as VS Code has them. */
function reader(set: Record<string, unknown>): Reader {
    const properties: Record<string, { default: unknown }> =
        manifest.contributes.configuration.properties;
    return {
        get: (name) => set[name] ?? properties[`proxycheck.${name}`]?.default,
        isSet: (name) => name in set,
    };
}

test("what is not set is left to the project", () => {
    assert.deepEqual(serverSettings(reader({}), VARIABLES), {
        diagnostics: { workspace: true },
        inlayHints: { types: true, resolves: true },
        semanticTokens: false,
    });
});

test("what is set is sent", () => {
    const set = {
        python: ".venv",
        config: " ~/proxycheck.toml ",
        all: false,
        "diagnostics.workspace": false,
        "inlayHints.types": false,
        "inlayHints.resolves": false,
        semanticTokens: true,
    };
    assert.deepEqual(serverSettings(reader(set), VARIABLES), {
        python: "/work/sim/.venv",
        config: "/home/ada/proxycheck.toml",
        all: false,
        diagnostics: { workspace: false },
        inlayHints: { types: false, resolves: false },
        semanticTokens: true,
    });
});

test("values of wrong types are as if they were not set", () => {
    const settings = serverSettings(reader({ python: 3, all: "yes" }), VARIABLES);
    assert.equal(settings.python, undefined);
    assert.equal(settings.all, undefined);
});

test("paths can name folders and variables", () => {
    assert.equal(expand("~", VARIABLES), "/home/ada");
    assert.equal(expand("~ada/x", VARIABLES), "~ada/x");
    assert.equal(expand("${userHome}/x", VARIABLES), "/home/ada/x");
    assert.equal(expand("${workspaceFolder}/${env:ENVS}${env:NONE}", VARIABLES), "/work/sim//envs");
    assert.equal(expand("${unknown}", VARIABLES), "${unknown}");
    const nowhere = { ...VARIABLES, folder: undefined };
    assert.equal(expand("${workspaceFolder}/x", nowhere), "${workspaceFolder}/x");
    assert.equal(pathSetting(reader({ path: "bin/x" }), "path", nowhere), "bin/x");
    assert.equal(pathSetting(reader({ path: "  " }), "path", VARIABLES), undefined);
    // What looks like a pattern of a replacement is none.
    assert.equal(expand("~/x", { ...VARIABLES, home: "/home/$&" }), "/home/$&/x");
});
