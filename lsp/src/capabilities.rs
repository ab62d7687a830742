//! What the client can do, and what it is told that the server can.

use serde_json::{Value, json};

use crate::position::Encoding;

/// Read leniently: a capability of an unexpected type is one that the client does not have.
#[derive(Debug, Clone)]
pub struct Client {
    pub encoding: Encoding,
    /// Asks for diagnostics instead of being sent them.
    pub pulls_diagnostics: bool,
    pub related_information: bool,
    pub diagnostic_tags: bool,
    pub diagnostic_links: bool,
    pub diagnostic_data: bool,
    pub publish_version: bool,
    pub refresh_diagnostics: bool,
    pub refresh_inlay_hints: bool,
    pub refresh_semantic_tokens: bool,
    pub hover_markdown: bool,
    pub completion_markdown: bool,
    pub completion_tags: bool,
    pub signature_markdown: bool,
    pub label_offsets: bool,
    pub active_parameter: bool,
    pub no_active_parameter: bool,
    pub definition_links: bool,
    pub type_definition_links: bool,
    pub code_action_literals: bool,
    pub document_changes: bool,
    pub configuration: bool,
    pub register_configuration: bool,
    pub register_watchers: bool,
    pub show_document: bool,
    pub progress: bool,
}

impl Client {
    /// From the `capabilities` of `initialize`.
    pub fn new(capabilities: &Value) -> Self {
        let has = |path: &str| {
            let value = capabilities.pointer(path);
            value.is_some_and(|it| it.as_bool().unwrap_or(it.is_object()))
        };
        let lists = |path: &str, item: &str| {
            let list = capabilities.pointer(path).and_then(Value::as_array);
            list.is_some_and(|it| it.iter().any(|it| it == item))
        };
        let pulls_diagnostics = has("/textDocument/diagnostic");
        // Clients that pull tell what they understand in either place.
        let diagnostic = |name: &str| {
            has(&format!("/textDocument/publishDiagnostics/{name}"))
                || has(&format!("/textDocument/diagnostic/{name}"))
        };
        Self {
            encoding: encoding(capabilities.pointer("/general/positionEncodings")),
            pulls_diagnostics,
            related_information: diagnostic("relatedInformation"),
            diagnostic_tags: diagnostic("tagSupport"),
            diagnostic_links: diagnostic("codeDescriptionSupport"),
            diagnostic_data: diagnostic("dataSupport"),
            publish_version: has("/textDocument/publishDiagnostics/versionSupport"),
            refresh_diagnostics: has("/workspace/diagnostics/refreshSupport"),
            refresh_inlay_hints: has("/workspace/inlayHint/refreshSupport"),
            refresh_semantic_tokens: has("/workspace/semanticTokens/refreshSupport"),
            hover_markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            completion_markdown: lists(
                "/textDocument/completion/completionItem/documentationFormat",
                "markdown",
            ),
            completion_tags: has("/textDocument/completion/completionItem/tagSupport"),
            signature_markdown: lists(
                "/textDocument/signatureHelp/signatureInformation/documentationFormat",
                "markdown",
            ),
            label_offsets: has(
                "/textDocument/signatureHelp/signatureInformation/parameterInformation/labelOffsetSupport",
            ),
            active_parameter: has(
                "/textDocument/signatureHelp/signatureInformation/activeParameterSupport",
            ),
            no_active_parameter: has(
                "/textDocument/signatureHelp/signatureInformation/noActiveParameterSupport",
            ),
            definition_links: has("/textDocument/definition/linkSupport"),
            type_definition_links: has("/textDocument/typeDefinition/linkSupport"),
            code_action_literals: has("/textDocument/codeAction/codeActionLiteralSupport"),
            document_changes: has("/workspace/workspaceEdit/documentChanges"),
            configuration: has("/workspace/configuration"),
            register_configuration: has("/workspace/didChangeConfiguration/dynamicRegistration"),
            register_watchers: has("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            show_document: has("/window/showDocument/support"),
            progress: has("/window/workDoneProgress"),
        }
    }
}

/// The cheapest that the client knows. UTF-16 is what all know.
fn encoding(offered: Option<&Value>) -> Encoding {
    let offered = offered.and_then(Value::as_array);
    let offers = |name: &str| offered.is_some_and(|it| it.iter().any(|it| it == name));
    if offers("utf-8") {
        Encoding::Utf8
    } else if offers("utf-32") {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    }
}

pub const SHOW_RULE: &str = "proxycheck.showRule";
pub const FIX_ALL: &str = "source.fixAll.proxycheck";

/// The result of `initialize`.
pub fn server(encoding: Encoding) -> Value {
    let encoding = match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
        Encoding::Utf32 => "utf-32",
    };
    let operations = json!({ "filters": [
        { "scheme": "file", "pattern": { "glob": "**/*.{py,pyi,ipynb}", "matches": "file" } },
        { "scheme": "file", "pattern": { "glob": "**", "matches": "folder" } },
    ] });
    json!({
        "serverInfo": { "name": "proxycheck", "version": env!("CARGO_PKG_VERSION") },
        "capabilities": {
            "positionEncoding": encoding,
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            // Cells of every language, so that they can be counted.
            "notebookDocumentSync": { "notebookSelector": [{ "notebook": "*" }], "save": false },
            "hoverProvider": true,
            "completionProvider": { "triggerCharacters": ["."], "resolveProvider": true },
            "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
            "definitionProvider": true,
            "typeDefinitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "renameProvider": { "prepareProvider": true },
            "inlayHintProvider": true,
            "semanticTokensProvider": {
                "legend": { "tokenTypes": ["variable"], "tokenModifiers": ["proxy"] },
                "full": true,
                "range": true,
            },
            "codeActionProvider": {
                "codeActionKinds": ["quickfix", "refactor.rewrite", FIX_ALL],
            },
            "executeCommandProvider": { "commands": [SHOW_RULE] },
            "diagnosticProvider": {
                "identifier": "proxycheck",
                "interFileDependencies": true,
                "workspaceDiagnostics": true,
                "workDoneProgress": true,
            },
            "workspace": {
                "workspaceFolders": { "supported": true, "changeNotifications": true },
                "fileOperations": {
                    "didCreate": operations.clone(),
                    "didRename": operations.clone(),
                    "didDelete": operations,
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_common_encoding_is_taken() {
        let negotiate = |offered: Value| {
            Client::new(&json!({ "general": { "positionEncodings": offered } })).encoding
        };
        assert_eq!(negotiate(json!(["utf-16", "utf-8"])), Encoding::Utf8);
        assert_eq!(negotiate(json!(["utf-16", "utf-32"])), Encoding::Utf32);
        assert_eq!(negotiate(json!(["utf-7"])), Encoding::Utf16);
        assert_eq!(negotiate(json!([])), Encoding::Utf16);
        assert_eq!(negotiate(json!("utf-8")), Encoding::Utf16);
        assert_eq!(Client::new(&Value::Null).encoding, Encoding::Utf16);
    }
}
