//! `faelled rewrap`: brings what is kept of citizens under the newest key, without the citizens.

use super::{CliError, Tools, citizens};
use crate::config::Config;

/// Arrangements that are rewrapped in one transaction.
const AT_ONCE: u64 = 200;

/// Wraps every token that was made before the newest key came.
pub async fn run(config: &Config) -> Result<(), CliError> {
    let tools = Tools::open_current(config).await?;
    let citizens = citizens(config)?;
    let (mut wrapped, mut foreign, mut after) = (0_usize, 0_usize, None);
    loop {
        let behind = tools
            .store
            .arrangements_with_other_keys(&citizens.keys(), after, AT_ONCE)
            .await?;
        let Some(last) = behind.last() else { break };
        after = Some(*last);
        let mut writing = tools.store.write(tools.clock.now()).await?;
        for arrangement in behind {
            let kept = writing.tokens_for_update(arrangement).await?;
            let renewed: Option<Vec<_>> =
                kept.iter().map(|token| citizens.rewrapped(token)).collect();
            match renewed {
                Some(renewed) => {
                    writing.replace_tokens(arrangement, &renewed).await?;
                    wrapped += 1;
                }
                None => foreign += 1,
            }
        }
        writing.commit().await?;
    }
    println!("{wrapped} arrangements are kept under the newest key.");
    if foreign > 0 {
        return Err(CliError::Said(format!(
            "{foreign} arrangements were kept under keys that citizens.keys does not begin with; \
             they agree with nothing new until their citizens are given again"
        )));
    }
    Ok(())
}
