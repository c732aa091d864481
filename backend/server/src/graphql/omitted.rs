//! A variable that is left out is no argument.
//!
//! async-graphql 8.0.0-rc.5 knows this when it executes, but not when it reckons what a page costs:
//! there, `first: $first` without a `$first` is refused with "Variable first is not defined". So
//! such an argument is taken out of the document beforehand, which by the specification changes
//! nothing (`CoerceArgumentValues`: an argument without a value is not provided).

use std::{collections::HashSet, convert::Infallible};

use async_graphql::{
    Name, Positioned, Request, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection,
        SelectionSet,
    },
};

/// Notes every variable within a value.
macro_rules! note {
    ($value:expr, $used:expr) => {
        let value = $value.node.clone().into_const_with(|name| {
            $used.insert(name);
            Ok::<_, Infallible>(Value::Null)
        });
        let Ok(_) = value;
    };
}

/// The arguments that a complexity reads.
const READ: [&str; 2] = ["first", "last"];

/// Takes `first` and `last` out where they are variables that were left out.
pub fn take_out(request: &mut Request) {
    let variables = request.variables.clone();
    let Ok(document) = request.parsed_query() else {
        // It is refused as what it is when it is executed.
        return;
    };
    let omitted: HashSet<Name> = document
        .operations
        .iter()
        .flat_map(|(_, operation)| omitted_by(&operation.node, &variables))
        .collect();
    if omitted.is_empty() {
        return;
    }
    let mut document = document.clone();
    let (mut taken, mut used) = (HashSet::new(), HashSet::new());
    for set in selection_sets(&mut document) {
        take_out_of(&mut set.node, &omitted, &mut taken, &mut used);
    }
    // A variable that nothing uses any more would be refused for that.
    for operation in operations(&mut document) {
        for directive in &operation.node.directives {
            note_variables_of(directive, &mut used);
        }
        operation.node.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            used.contains(name) || !taken.contains(name)
        });
    }
    request.set_parsed_query(document);
}

/// Variables that may be left out, and are.
fn omitted_by(operation: &OperationDefinition, variables: &Variables) -> Vec<Name> {
    let definitions = operation.variable_definitions.iter();
    definitions
        .map(|definition| &definition.node)
        .filter(|definition| {
            definition.var_type.node.nullable
                && definition.default_value.is_none()
                && !variables.contains_key(&definition.name.node)
        })
        .map(|definition| definition.name.node.clone())
        .collect()
}

fn take_out_of(
    set: &mut SelectionSet,
    omitted: &HashSet<Name>,
    taken: &mut HashSet<Name>,
    used: &mut HashSet<Name>,
) {
    for selection in &mut set.items {
        let (directives, inner) = match &mut selection.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                field.arguments.retain(|(argument, value)| {
                    // The type of a value has no public name; a variable is written `$name`.
                    let written = value.node.to_string();
                    let variable = written.strip_prefix('$').and_then(|name| omitted.get(name));
                    match variable {
                        Some(name) if READ.contains(&argument.node.as_str()) => {
                            taken.insert(name.clone());
                            false
                        }
                        _ => true,
                    }
                });
                for (_, value) in &field.arguments {
                    note!(value, used);
                }
                (&field.directives, Some(&mut field.selection_set))
            }
            Selection::InlineFragment(inline) => {
                let inline = &mut inline.node;
                (&inline.directives, Some(&mut inline.selection_set))
            }
            Selection::FragmentSpread(spread) => (&spread.node.directives, None),
        };
        for directive in directives {
            note_variables_of(directive, used);
        }
        if let Some(inner) = inner {
            take_out_of(&mut inner.node, omitted, taken, used);
        }
    }
}

fn note_variables_of(directive: &Positioned<Directive>, used: &mut HashSet<Name>) {
    for (_, value) in &directive.node.arguments {
        note!(value, used);
    }
}

fn operations(document: &mut ExecutableDocument) -> Vec<&mut Positioned<OperationDefinition>> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    }
}

fn selection_sets(document: &mut ExecutableDocument) -> Vec<&mut Positioned<SelectionSet>> {
    let fragments = document.fragments.values_mut();
    let mut sets: Vec<_> = fragments
        .map(|fragment| &mut fragment.node.selection_set)
        .collect();
    match &mut document.operations {
        DocumentOperations::Single(operation) => sets.push(&mut operation.node.selection_set),
        DocumentOperations::Multiple(operations) => {
            sets.extend(
                operations
                    .values_mut()
                    .map(|operation| &mut operation.node.selection_set),
            );
        }
    }
    sets
}
