//! Shares the serial ports within the program. A dialog *claims* a port; a
//! monitor only *borrows* it, gives it up while it is claimed, and borrows it
//! again afterwards. Opens no port.

use std::{
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Identity, Problem};

/// How long a monitor may take to close a port.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(3);

/// Who uses which port. Clones share one list.
#[derive(Clone, Default)]
pub struct Registry(Arc<Shared>);

#[derive(Default)]
struct Shared {
    uses: Mutex<Uses>,
    changed: Condvar,
}

#[derive(Default)]
struct Uses {
    next: u64,
    claims: Vec<Use>,
    loans: Vec<Use>,
}

struct Use {
    number: u64,
    device: Identity,
    by: &'static str,
}

/// The exclusive use of a port, until this is dropped.
#[must_use]
pub struct Claim {
    registry: Registry,
    number: u64,
}

/// The use of a port until another user needs it. Close the port before this is
/// dropped.
#[must_use]
pub struct Loan {
    registry: Registry,
    number: u64,
}

impl Registry {
    /// The list of this program.
    pub fn of_program() -> Self {
        static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);
        REGISTRY.clone()
    }

    /// Claims a port. If a monitor has it, waits until the monitor has closed
    /// it. `by` names the user in errors, for example "the set-up dialog".
    ///
    /// # Errors
    /// [`Problem::InUse`] if another claim is held, or the monitor does not
    /// close the port within 3 s.
    pub fn claim(&self, path: &str, by: &'static str) -> Result<Claim, Problem> {
        self.claim_device(&Identity::of(path), by, GIVEN_UP_WITHIN)
    }

    pub(crate) fn claim_device(
        &self,
        device: &Identity,
        by: &'static str,
        patience: Duration,
    ) -> Result<Claim, Problem> {
        let mut uses = self.lock();
        let in_use = |user: &Use| Problem::InUse {
            port: user.device.path().to_owned(),
            by: user.by,
        };
        if let Some(other) = uses.claims.iter().find(|claim| claim.device.is(device)) {
            return Err(in_use(other));
        }
        let claim = Claim {
            registry: self.clone(),
            number: uses.next_number(),
        };
        uses.claims.push(Use {
            number: claim.number,
            device: device.clone(),
            by,
        });
        self.0.changed.notify_all();
        let end = Instant::now() + patience;
        while let Some(loan) = uses.loans.iter().find(|loan| loan.device.is(device)) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let problem = in_use(loan);
                // Dropping the claim locks again.
                drop(uses);
                return Err(problem);
            }
            uses = self
                .0
                .changed
                .wait_timeout(uses, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(uses);
        Ok(claim)
    }

    /// Borrows a device's port.
    ///
    /// # Errors
    /// The user, while it is claimed or another monitor has it.
    pub fn borrow(&self, device: &Identity, by: &'static str) -> Result<Loan, &'static str> {
        let mut uses = self.lock();
        if let Some(user) = uses.user(device) {
            return Err(user);
        }
        let number = uses.next_number();
        uses.loans.push(Use {
            number,
            device: device.clone(),
            by,
        });
        Ok(Loan {
            registry: self.clone(),
            number,
        })
    }

    /// Who uses a device.
    pub fn user(&self, device: &Identity) -> Option<&'static str> {
        self.lock().user(device)
    }

    /// Waits until a claim or a loan starts or ends, at most for this time.
    pub fn wait(&self, time: Duration) {
        let uses = self.lock();
        drop(self.0.changed.wait_timeout(uses, time));
    }

    fn lock(&self) -> MutexGuard<'_, Uses> {
        self.0.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Uses {
    fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn user(&self, device: &Identity) -> Option<&'static str> {
        self.claims
            .iter()
            .chain(&self.loans)
            .find(|user| user.device.is(device))
            .map(|user| user.by)
    }
}

impl Loan {
    /// Whether another user needs the port: close it, and drop this.
    pub fn is_recalled(&self) -> bool {
        let uses = self.registry.lock();
        let device = uses
            .loans
            .iter()
            .find(|loan| loan.number == self.number)
            .map(|loan| &loan.device);
        device.is_some_and(|device| uses.claims.iter().any(|claim| claim.device.is(device)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut uses = self.registry.lock();
        uses.claims.retain(|claim| claim.number != self.number);
        drop(uses);
        self.registry.0.changed.notify_all();
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let mut uses = self.registry.lock();
        uses.loans.retain(|loan| loan.number != self.number);
        drop(uses);
        self.registry.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const DIALOG: &str = "the set-up dialog";
    const MONITOR: &str = "the serial monitor";

    fn device(path: &str) -> Identity {
        Identity::among(path, &[])
    }

    fn claim(registry: &Registry, path: &str, patience_ms: u64) -> Result<Claim, Problem> {
        registry.claim_device(&device(path), DIALOG, Duration::from_millis(patience_ms))
    }

    #[test]
    fn a_port_has_one_exclusive_user() -> Result<(), Problem> {
        let registry = Registry::default();
        let first = claim(&registry, "A", 0)?;
        assert!(matches!(
            claim(&registry, "A", 0),
            Err(Problem::InUse { port, by: DIALOG }) if port == "A"
        ));
        assert!(registry.borrow(&device("A"), MONITOR).is_err());
        drop(claim(&registry, "B", 0)?);
        drop(first);
        drop(claim(&registry, "A", 0)?);
        assert_eq!(registry.user(&device("A")), None);
        Ok(())
    }

    #[test]
    fn a_claim_takes_the_port_from_a_monitor_that_resumes_afterwards() -> Result<(), Problem> {
        let registry = Registry::default();
        let loan = registry.borrow(&device("A"), MONITOR).ok();
        assert!(loan.as_ref().is_some_and(|loan| !loan.is_recalled()));
        let monitor = thread::spawn({
            let registry = registry.clone();
            move || {
                while loan.as_ref().is_some_and(|loan| !loan.is_recalled()) {
                    registry.wait(Duration::from_millis(20));
                }
                drop(loan);
                let mut again = None;
                while again.is_none() {
                    again = registry.borrow(&device("A"), MONITOR).ok();
                    if again.is_none() {
                        registry.wait(Duration::from_millis(20));
                    }
                }
            }
        });
        let claimed = claim(&registry, "A", 10_000)?;
        assert_eq!(registry.user(&device("A")), Some(DIALOG));
        assert!(!monitor.is_finished());
        drop(claimed);
        assert!(monitor.join().is_ok());
        Ok(())
    }

    #[test]
    fn a_monitor_that_keeps_the_port_is_named() {
        let registry = Registry::default();
        let loan = registry.borrow(&device("A"), MONITOR).ok();
        assert!(matches!(
            claim(&registry, "A", 20),
            Err(Problem::InUse { by: MONITOR, .. })
        ));
        // The failed claim is not left behind.
        assert!(loan.is_some_and(|loan| !loan.is_recalled()));
    }
}
