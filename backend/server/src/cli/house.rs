//! `faelled house`: volunteer houses, which only whoever runs the server can trust.

use faelled_engine::{id::OrganizationId, organization::OrganizationKind};

use super::{CliError, Tools, people::known_organization};
use crate::config::Config;

/// Trusts an organization to be the volunteer house of these municipalities.
pub async fn trust(
    config: &Config,
    organization: &str,
    municipalities: &[String],
) -> Result<(), CliError> {
    let tools = Tools::open_current(config).await?;
    let known = |code: &str| {
        let mut postcodes = tools.catalog.gazetteer.postcodes();
        postcodes.any(|postcode| postcode.municipality_code == code)
    };
    if let Some(unknown) = municipalities.iter().find(|code| !known(code)) {
        return Err(CliError::Said(format!(
            "no municipality has the code \"{unknown}\"; accepted are four digits, such as 0791 \
             for Viborg"
        )));
    }
    let id: OrganizationId = known_organization(&tools, organization).await?;
    let mut writing = tools.store.write(tools.clock.now()).await?;
    let house = writing.organization_for_update(id).await?;
    let mut house = house
        .filter(|house| house.profile.kind == OrganizationKind::VolunteerHouse)
        .ok_or_else(|| CliError::Said(format!("\"{organization}\" is no volunteer house")))?;
    if !house.verified {
        let seen = house.version;
        house.verified = true;
        house.version += 1;
        writing.update_organization(&house, seen).await?;
    }
    for municipality in municipalities {
        writing.insert_house_area(id, municipality).await?;
    }
    writing.commit().await?;
    println!(
        "{} looks after {}.",
        house.profile.name,
        municipalities.join(", ")
    );
    Ok(())
}
