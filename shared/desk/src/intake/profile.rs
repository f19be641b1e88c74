//! Whose address it is.

use domain::{Address, ProfileId};

use super::batch::Batch;
use crate::{
    DeskError, entropy,
    store::{addresses, addresses::KnownProfile},
};

/// The profile of an address, made if nobody has it. A name is taken where there was none.
pub(super) async fn whose(
    batch: &mut Batch<'_>,
    address: &Address,
    name: Option<String>,
) -> Result<KnownProfile, DeskError> {
    let Some(mut known) = addresses::find(&mut batch.tx, address).await? else {
        let id = ProfileId::new(batch.now, &entropy());
        let new = addresses::create(&mut batch.tx, id, address, name, batch.now).await?;
        batch.desk.recall_refusals(&mut batch.tx, new.id, address).await?;
        return Ok(new);
    };
    if let (None, Some(name)) = (&known.name, name) {
        addresses::name(&mut batch.tx, known.id, &name, batch.now).await?;
        known.name = Some(name);
    }
    Ok(known)
}
