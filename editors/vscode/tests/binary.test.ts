import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
    type Answer,
    describeMisses,
    explainMissing,
    find,
    parseVersion,
    places,
    type Surroundings,
} from "../src/binary";
import { probe } from "../src/probe";

const LINUX: Surroundings = {
    platform: "linux",
    variables: { PATH: "/usr/local/bin:/usr/bin:.::relative/bin" },
    setting: undefined,
    folders: ["/home/ada/sim", "/home/ada/lib"],
    environments: [],
    bundle: "/extension/bin",
    isTrusted: true,
    realpath: (path) => path,
};

const paths = (surroundings: Surroundings) => places(surroundings).map((it) => it.path);

test("the setting and the variable exclude all other places", () => {
    const variables = { ...LINUX.variables, PROXYCHECK: "/opt/proxycheck" };
    assert.deepEqual(paths({ ...LINUX, variables, setting: "/my/proxycheck" }), ["/my/proxycheck"]);
    assert.deepEqual(paths({ ...LINUX, variables }), ["/opt/proxycheck"]);
    assert.ok(places({ ...LINUX, variables }).every((it) => it.isNamed));
});

test("environments come before the extension's own program, and PATH is last", () => {
    const surroundings = {
        ...LINUX,
        environments: ["/envs/selected"],
        variables: { ...LINUX.variables, VIRTUAL_ENV: "/envs/active" },
    };
    assert.deepEqual(paths(surroundings), [
        "/envs/selected/bin/proxycheck",
        "/home/ada/sim/.venv/bin/proxycheck",
        "/home/ada/lib/.venv/bin/proxycheck",
        "/envs/active/bin/proxycheck",
        "/extension/bin/proxycheck",
        "/usr/local/bin/proxycheck",
        "/usr/bin/proxycheck",
    ]);
});

test("a place is looked at once, for the first reason", () => {
    const found = places({
        ...LINUX,
        environments: ["/home/ada/sim/.venv"],
        variables: { VIRTUAL_ENV: "/home/ada/sim/.venv", PATH: "/home/ada/sim/.venv/bin" },
    });
    assert.deepEqual(
        found.map((it) => it.origin),
        ["the selected Python environment", "the workspace's .venv", "the extension"],
    );
});

test("Windows has its own names of files, folders and variables", () => {
    const found = paths({
        ...LINUX,
        platform: "win32",
        variables: { Path: "C:\\Tools;.", VIRTUAL_ENV: "C:\\env" },
        folders: ["C:\\sim"],
        bundle: "C:\\extension\\bin",
    });
    assert.deepEqual(found, [
        "C:\\sim\\.venv\\Scripts\\proxycheck.exe",
        "C:\\env\\Scripts\\proxycheck.exe",
        "C:\\extension\\bin\\proxycheck.exe",
        "C:\\Tools\\proxycheck.exe",
    ]);
});

test("no program of a workspace is started before it is trusted", async () => {
    const surroundings = {
        ...LINUX,
        isTrusted: false,
        environments: ["/home/ada/sim/env"],
        variables: {
            VIRTUAL_ENV: "/home/ada/link",
            PATH: "/home/ada/lib/bin:/home/ada/sim2:/usr/bin",
        },
        realpath: (path: string) => path.replace("/home/ada/link", "/home/ada/sim/env"),
    };
    const asked: string[] = [];
    const search = await find(places(surroundings), async (path) => {
        asked.push(path);
        return { kind: "absent" };
    });
    // The folder `sim2` only begins like the one of the workspace.
    assert.deepEqual(asked, [
        "/extension/bin/proxycheck",
        "/home/ada/sim2/proxycheck",
        "/usr/bin/proxycheck",
    ]);
    assert.equal(search.kind, "missing");
    const message = explainMissing(search.misses, false);
    assert.match(
        message,
        /\/home\/ada\/sim\/env\/bin\/proxycheck \(the workspace is not trusted\)/,
    );
    assert.match(message, /Trust the workspace/);

    const named = { ...surroundings, setting: "/home/ada/sim/tools/proxycheck" };
    assert.ok(places(named).every((it) => it.isForbidden));
});

test("a workspace that is a link does not hide its programs", () => {
    const surroundings = {
        ...LINUX,
        isTrusted: false,
        folders: ["/link"],
        variables: { PATH: "/real/bin" },
        realpath: (path: string) => path.replace("/link", "/real"),
    };
    const last = places(surroundings).at(-1);
    assert.equal(last?.path, "/real/bin/proxycheck");
    assert.equal(last.isForbidden, true);
});

test("the first program that tells its version is taken", async () => {
    const answers: Record<string, Answer> = {
        "/home/ada/sim/.venv/bin/proxycheck": { kind: "broken", reason: "it is a folder" },
        "/usr/local/bin/proxycheck": { kind: "version", version: "0.1.0" },
        "/usr/bin/proxycheck": { kind: "version", version: "0.0.9" },
    };
    const search = await find(places(LINUX), async (path) => answers[path] ?? { kind: "absent" });
    assert.ok(search.kind === "found");
    assert.deepEqual(search.binary, {
        path: "/usr/local/bin/proxycheck",
        origin: "PATH",
        version: "0.1.0",
    });
    assert.deepEqual(describeMisses(search.misses), [
        "/home/ada/sim/.venv/bin/proxycheck (from the workspace's .venv): it is a folder",
        "/home/ada/lib/.venv/bin/proxycheck (from the workspace's .venv): no such program",
        "/extension/bin/proxycheck (from the extension): no such program",
    ]);
});

test("a message names what was tried and what to do", async () => {
    const none = await find(places(LINUX), async () => ({ kind: "absent" }));
    assert.equal(
        explainMissing(none.misses, true),
        "proxycheck was not found. Tried: the workspace's .venv, the extension, PATH. Install it in " +
            "the project's Python environment or on the PATH, or name it in the setting proxycheck.path.",
    );
    const named = await find(places({ ...LINUX, setting: "/my/proxycheck" }), async () => ({
        kind: "broken",
        reason: "it did not tell its version",
    }));
    assert.equal(
        explainMissing(named.misses, true),
        "proxycheck cannot be started from /my/proxycheck (it did not tell its version). Change the " +
            "setting proxycheck.path, which names it.",
    );
});

test("a version is one of proxycheck's", () => {
    assert.equal(parseVersion("proxycheck 0.1.0\n"), "0.1.0");
    assert.equal(parseVersion("proxycheck 1.20.3-rc.1"), "1.20.3-rc.1");
    assert.equal(parseVersion("proxyrt 0.1.0\n"), undefined);
    assert.equal(parseVersion("usage: proxycheck 0.1.0\n"), undefined);
});

test("programs are asked for their version", { skip: process.platform === "win32" }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "proxycheck-"));
    t.after(() => rm(folder, { recursive: true }));
    const program = async (name: string, script: string, mode = 0o755) => {
        const path = join(folder, name);
        await writeFile(path, `#!/bin/sh\n${script}\n`);
        await chmod(path, mode);
        return path;
    };
    const reason = async (path: string) => {
        const answer = await probe(path, 300);
        return answer.kind === "broken" ? answer.reason : answer.kind;
    };
    assert.deepEqual(
        await probe(await program("good", '[ "$*" = version ] && echo proxycheck 1.2.3')),
        {
            kind: "version",
            version: "1.2.3",
        },
    );
    assert.deepEqual(await probe(join(folder, "none")), { kind: "absent" });
    assert.equal(await reason(folder), "it is a folder");
    assert.equal(await reason(await program("other", "echo hello")), "it did not tell its version");
    assert.equal(
        await reason(await program("bad", "exit 3")),
        "it ended with exit code 3 when asked for its version",
    );
    assert.equal(
        await reason(await program("slow", "exec sleep 60")),
        "it did not tell its version within 0.3 s",
    );
    assert.equal(await reason(await program("text", "", 0o644)), "it must not be executed");
});
