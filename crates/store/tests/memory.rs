//! The memory adapter under the contract.

use async_trait::async_trait;
use store::contract::Subject;
use store::memory::MemoryStore;

struct Memory(MemoryStore);

#[async_trait]
impl Subject for Memory {
    type Store = MemoryStore;

    fn store(&self) -> &MemoryStore {
        &self.0
    }

    async fn reopen(&mut self) {
        self.0 = self.0.clone();
    }
}

async fn subject() -> Memory {
    Memory(MemoryStore::new())
}

store::contract_suite!(crate::subject);
