//! Empties functions of the page's program that nothing calls but the linker keeps.

/// Only hydration that waits in the middle (`leptos::mount::hydrate_lazy`) calls these; ours has what it needs before it
/// begins (ADR 0011). The linker keeps them because every erased view carries a pointer to its own.
const NEVER_CALLED: &str = "hydrate_async";

/// Smaller functions (in instructions) may be shared with others that happen to have the same body.
const SHARED_BELOW: u64 = 100;

/// Empties functions that are never called: one that is called after all stops the page, and the browser tests with
/// it. Returns how many there were.
pub fn snip(module: &mut walrus::Module) -> usize {
    let doomed: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| {
            module
                .funcs
                .get(*id)
                .name
                .as_deref()
                .is_some_and(|name| name.contains(NEVER_CALLED))
        })
        .filter(|(_, function)| function.size() >= SHARED_BELOW)
        .map(|(id, function)| (id, function.ty(), function.args.clone()))
        .collect();
    for (id, ty, arguments) in &doomed {
        let ty = module.types.get(*ty);
        let (parameters, results) = (ty.params().to_vec(), ty.results().to_vec());
        let mut builder = walrus::FunctionBuilder::new(&mut module.types, &parameters, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(*id).kind = walrus::FunctionKind::Local(builder.local_func(arguments.clone()));
    }
    doomed.len()
}
