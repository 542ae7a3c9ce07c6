//! Making a key on the spot, for the snippet that is being looked at. Only those who may make keys see it.

use leptos::{ev, prelude::*};

use crate::{
    part::{IntoPart, Part, dynamic, when},
    seed::Site,
};

/// How far making a key has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser asks"))]
pub enum Making {
    /// Nobody has asked.
    Idle,
    /// The server is asked.
    Asked,
    /// There is a key of this name; its text is in the snippets.
    Made(String),
    /// There is none. Why, a sentence, and whether the password has to be shown again.
    Refused(String, bool),
}

/// Draws the row with the name and the button. What is made goes into `key`.
pub fn make_key(site: &Site, key: RwSignal<Option<String>>) -> Part {
    if !site.may_make_keys {
        return match site.local_key {
            Some(_) => view! { <p class="vh"></p> }.part(),
            None => view! { <p class="quiet">"An admin makes a key for you, under Settings."</p> }.part(),
        };
    }
    let making = RwSignal::new(Making::Idle);
    let name = RwSignal::new(String::new());
    let url = [&site.base, "/api/v1/keys"].concat();
    let settings = [&site.base, "/settings/keys"].concat();
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let wanted = name.get_untracked().trim().to_owned();
        if wanted.is_empty() || making.get_untracked() == Making::Asked {
            return;
        }
        making.set(Making::Asked);
        ask(url.clone(), wanted, making, key);
    };
    let words = move || match making.get() {
        Making::Idle | Making::Asked => {
            "A key of its own for each service, so that it can be revoked alone.".to_owned()
        }
        Making::Made(name) => [
            "The key ",
            &name,
            " is in every snippet now. It is shown this once: copy it before you leave.",
        ]
        .concat(),
        Making::Refused(why, _) => why,
    };
    let state = move || match making.get() {
        Making::Idle => "idle",
        Making::Asked => "asked",
        Making::Made(_) => "made",
        Making::Refused(..) => "refused",
    };
    let unlock = move || matches!(making.get(), Making::Refused(_, true));
    view! {
        <form class="make-key" data-making=dynamic(state) on:submit=send>
            <label>
                <span class="vh">"Name of the service"</span>
                <input
                    type="text"
                    placeholder="Name of the service"
                    maxlength="128"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=dynamic(move || name.get())
                    on:input=move |event| name.set(event_target_value(&event))
                />
            </label>
            <button type="submit" class="btn">
                "Make a key"
            </button>
            <span role="status">{dynamic(words)}</span>
            {when(move || {
                unlock()
                    .then(|| view! { <a href=settings.clone() rel="external">"Show it under Settings"</a> })
            })}
        </form>
    }
    .part()
}

#[cfg(feature = "hydrate")]
fn ask(url: String, name: String, making: RwSignal<Making>, key: RwSignal<Option<String>>) {
    leptos::task::spawn_local(async move {
        let made = crate::fetched::make_key(&url, &name).await;
        // The page may be gone by now; then nobody has seen the key, and it can be revoked.
        let _ = making.try_set(match made {
            Ok(text) => {
                let _ = key.try_set(Some(text));
                Making::Made(name)
            }
            Err(refusal) => Making::Refused(refusal.words, refusal.wants_password),
        });
    });
}

#[cfg(not(feature = "hydrate"))]
fn ask(url: String, name: String, making: RwSignal<Making>, key: RwSignal<Option<String>>) {
    let _ = (url, name, making, key);
}
