/** Rules: where they are named, and where their pages are. */

export const RULE_SCHEME = "proxycheck-rule";

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** A finding, as far as its rule is concerned. Lines and columns count from 0. */
export interface Finding {
    readonly source: string | undefined;
    readonly rule: string | undefined;
    readonly range: { readonly start: Position; readonly end: Position };
}

export interface Position {
    readonly line: number;
    readonly character: number;
}

/** A rule, as `proxycheck rules --format json` prints it. */
export interface Rule {
    readonly name: string;
    readonly summary: string;
    readonly level: string;
}

/** Whether a text has the form of a rule's name. */
export function isRule(text: string): boolean {
    return NAME.test(text);
}

/** The path of a rule's page below its scheme. The ending makes it Markdown. */
export function pagePath(rule: string): string {
    return `${rule}.md`;
}

/** The rule of a page, if the path is one of a page. */
export function ruleOfPage(path: string): string | undefined {
    const name = path.replace(/^\//, "").replace(/\.md$/, "");
    return NAME.test(name) ? name : undefined;
}

/**
 * The rule that the cursor is on: one that a comment names there, or that of the finding there, or else
 * of the first finding in the line.
 */
export function ruleAt(
    findings: readonly Finding[],
    cursor: Position,
    line: string,
): string | undefined {
    const named = ruleInComment(line, cursor.character);
    if (named !== undefined) {
        return named;
    }
    const ours = findings.filter((it) => it.source === "proxycheck" && it.rule !== undefined);
    const around = ours
        .filter(({ range }) => !isBefore(cursor, range.start) && !isBefore(range.end, cursor))
        // The innermost.
        .sort(
            (a, b) => -compare(a.range.start, b.range.start) || compare(a.range.end, b.range.end),
        );
    const beside = ours
        .filter((it) => it.range.start.line === cursor.line)
        .sort((a, b) => compare(a.range.start, b.range.start));
    return (around[0] ?? beside[0])?.rule;
}

function ruleInComment(line: string, column: number): string | undefined {
    for (const comment of line.matchAll(/#\s*proxycheck:\s*ignore(?:-file)?\s*\[([^\]]*)\]/g)) {
        const list = comment[1] ?? "";
        const start = comment.index + comment[0].length - 1 - list.length;
        for (const word of list.matchAll(/[^\s,]+/g)) {
            const from = start + word.index;
            if (from <= column && column <= from + word[0].length && NAME.test(word[0])) {
                return word[0];
            }
        }
    }
    return undefined;
}

function compare(a: Position, b: Position): number {
    return a.line - b.line || a.character - b.character;
}

function isBefore(a: Position, b: Position): boolean {
    return compare(a, b) < 0;
}

/** Reads what `proxycheck rules --format json` prints. */
export function parseRules(output: string): Rule[] {
    const rules: unknown = JSON.parse(output);
    if (!Array.isArray(rules)) {
        throw new Error("the list of rules is no list");
    }
    return rules.map((it: Record<string, unknown>) => ({
        name: String(it.name),
        summary: String(it.summary),
        level: String(it.level),
    }));
}
