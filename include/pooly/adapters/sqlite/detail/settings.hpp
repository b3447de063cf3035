// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace pooly::sqlite::detail {

/// What the factory set and `reset` restores. All of it can be set without running SQL: a check-in stays cheap.
struct settings {
    int busy_timeout_ms = 0;
    bool foreign_keys = false;
};

[[nodiscard]] inline int apply(sqlite3* handle, const settings& wanted) noexcept {
    if (const int code = sqlite3_busy_timeout(handle, wanted.busy_timeout_ms); code != SQLITE_OK) return code;
    // Leaves prepared statements valid unless it changes something.
    return sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, wanted.foreign_keys ? 1 : 0, nullptr);
}

/// The settings of every connection that our factory opened, by handle.
///
/// A handle has no room for such a note (until SQLite 3.44 gives it one), and `SQLite::Database` is not ours to extend.
/// The alternatives lost: reading it back with SQL costs two microseconds at each check-in, and carrying it in the file
/// name changes what `getFilename()` says. Sharded, because it is read at each check-in by all threads.
class settings_book {
public:
    [[nodiscard]] static settings_book& all() {
        // Leaked on purpose: a connection in a static may be closed after all our statics are gone.
        static auto& book = *new settings_book;
        return book;
    }

    [[nodiscard]] std::optional<settings> find(sqlite3* handle) {
        shard& home = shard_of(handle);
        const std::lock_guard<std::mutex> lock{home.mutex};
        const auto found = home.entries.find(handle);
        if (found == home.entries.end()) return std::nullopt;
        return found->second;
    }

    /// Notes the settings until the connection is closed, by whomever: SQLite calls the destructor of a function when
    /// it closes the connection, before the handle's address can be used again.
    [[nodiscard]] int note(sqlite3* handle, const settings& wanted) {
        put(handle, wanted);
        const auto answer = [](sqlite3_context* context, int /*none*/, sqlite3_value** /*none*/) {
            const auto known = all().find(sqlite3_context_db_handle(context));
            sqlite3_result_int(context, known ? known->busy_timeout_ms : 0);
        };
        const auto forget = [](void* closing) { all().erase(static_cast<sqlite3*>(closing)); };
        // A function needs a body to be registered at all; this one says something that is worth asking.
        // The destructor is called as well when this fails.
        return sqlite3_create_function_v2(handle, "pooly_busy_timeout", 0, SQLITE_UTF8, handle, answer, nullptr,
                                          nullptr, forget);
    }

private:
    struct alignas(64) shard {
        std::mutex mutex;
        std::unordered_map<sqlite3*, settings> entries;
    };

    void put(sqlite3* handle, const settings& wanted) {
        shard& home = shard_of(handle);
        const std::lock_guard<std::mutex> lock{home.mutex};
        home.entries.insert_or_assign(handle, wanted);
    }

    void erase(sqlite3* handle) {
        shard& home = shard_of(handle);
        const std::lock_guard<std::mutex> lock{home.mutex};
        home.entries.erase(handle);
    }

    [[nodiscard]] shard& shard_of(sqlite3* handle) noexcept {
        // The low bits of an address are all alike.
        return shards_[(std::hash<sqlite3*>{}(handle) / 1024U) % shards_.size()];
    }

    std::array<shard, 16> shards_;
};

}  // namespace pooly::sqlite::detail
