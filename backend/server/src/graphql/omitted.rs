//! A variable that is left out is no argument.
//!
//! async-graphql 8.0.0-rc.5 knows this when it executes, but not when it reckons what a page costs:
//! there, `first: $first` without a `$first` is refused with "Variable first is not defined". So
//! such an argument is taken out of the document beforehand, which by the specification changes
//! nothing (`CoerceArgumentValues`: an argument without a value is not provided).

use std::{collections::HashSet, convert::Infallible};

use async_graphql::{
    Name, Positioned, Request, Value, Variables,
    parser::types::{Directive, DocumentOperations, OperationDefinition, Selection, SelectionSet},
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

/// Takes `first` and `last` out where they are variables that were left out of the operation that is
/// executed. The others are reckoned as well, and never asked: there, such a variable counts as 1.
pub fn take_out(request: &mut Request) {
    let (variables, name) = (request.variables.clone(), request.operation_name.clone());
    let Ok(document) = request.parsed_query() else {
        // It is refused as what it is when it is executed.
        return;
    };
    let omits =
        |operation: &OperationDefinition| omitted_by(operation, &variables).next().is_some();
    if !document.operations.iter().any(|(_, o)| omits(&o.node)) {
        return;
    }
    let mut document = document.clone();
    let Some((executed, others)) = told_apart(&mut document.operations, name.as_deref()) else {
        return;
    };
    let omitted: HashSet<Name> = omitted_by(executed, &variables).collect();
    let (mut taken, mut shared) = (HashSet::new(), HashSet::new());
    for fragment in document.fragments.values_mut() {
        let set = &mut fragment.node.selection_set.node;
        take_out_of(set, &omitted, &mut taken, &mut shared);
    }
    let mut used = shared.clone();
    take_out_of(
        &mut executed.selection_set.node,
        &omitted,
        &mut taken,
        &mut used,
    );
    drop_unused(executed, &taken, used);
    for other in others {
        let mut used = shared.clone();
        let set = &mut other.selection_set.node;
        take_out_of(set, &HashSet::new(), &mut HashSet::new(), &mut used);
        drop_unused(other, &taken, used);
        count_as_one(other, &variables);
    }
    request.set_parsed_query(document);
}

/// The operation that is executed, and the others; nothing when it is refused for its name.
fn told_apart<'d>(
    operations: &'d mut DocumentOperations,
    name: Option<&str>,
) -> Option<(
    &'d mut OperationDefinition,
    Vec<&'d mut OperationDefinition>,
)> {
    let named = match operations {
        DocumentOperations::Single(operation) if name.is_none() => {
            return Some((&mut operation.node, Vec::new()));
        }
        DocumentOperations::Single(_) => return None,
        DocumentOperations::Multiple(operations) => operations,
    };
    let alone = named.len() == 1;
    let is_executed = |own: &Name| name.map_or(alone, |name| own.as_str() == name);
    let (executed, others): (Vec<_>, Vec<_>) = named
        .iter_mut()
        .map(|(own, operation)| (is_executed(own), &mut operation.node))
        .partition(|(executed, _)| *executed);
    let executed = executed
        .into_iter()
        .map(|(_, operation)| operation)
        .next()?;
    let others = others.into_iter().map(|(_, operation)| operation);
    Some((executed, others.collect()))
}

/// A variable that nothing uses any more would be refused for that.
fn drop_unused(
    operation: &mut OperationDefinition,
    taken: &HashSet<Name>,
    mut used: HashSet<Name>,
) {
    for directive in &operation.directives {
        note_variables_of(directive, &mut used);
    }
    operation.variable_definitions.retain(|definition| {
        let name = &definition.node.name.node;
        used.contains(name) || !taken.contains(name)
    });
}

/// Gives each number that was left out a value to reckon with.
fn count_as_one(operation: &mut OperationDefinition, variables: &Variables) {
    let omitted: HashSet<Name> = omitted_by(operation, variables).collect();
    for definition in &mut operation.variable_definitions {
        let (at, definition) = (definition.pos, &mut definition.node);
        if omitted.contains(&definition.name.node) && definition.var_type.node.to_string() == "Int"
        {
            definition.default_value = Some(Positioned::new(Value::from(1), at));
        }
    }
}

/// Variables that may be left out, and are.
fn omitted_by(
    operation: &OperationDefinition,
    variables: &Variables,
) -> impl Iterator<Item = Name> {
    let definitions = operation.variable_definitions.iter();
    definitions
        .map(|definition| &definition.node)
        .filter(|definition| {
            definition.var_type.node.nullable
                && definition.default_value.is_none()
                && !variables.contains_key(&definition.name.node)
        })
        .map(|definition| definition.name.node.clone())
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
