// SPDX-License-Identifier: MIT
// The quickstart's transfers in SQLite, by threads that get their connections in different ways.

#include <SQLiteCpp/SQLiteCpp.h>
#include <stdlib.h>
#include <pooly/pooly.hpp>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "../../examples/ledger.hpp"
#include "../support/real_work.hpp"
#include "connecting.hpp"
#include "ways.hpp"

namespace {

/// A ledger in a file of its own, gone with it.
class scratch_ledger {
public:
    scratch_ledger() : directory_{(std::filesystem::temp_directory_path() / "pooly-ledger-XXXXXX").string()} {
        if (::mkdtemp(directory_.data()) == nullptr)
            throw std::system_error{errno, std::generic_category(), "making a directory for the ledger"};
        founder_ = std::make_unique<SQLite::Database>(bench::connections_to(file())(pooly::create_context{}));
        ledger::found(*founder_);
    }
    scratch_ledger(const scratch_ledger&) = delete;
    scratch_ledger& operator=(const scratch_ledger&) = delete;
    ~scratch_ledger() {
        founder_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    [[nodiscard]] std::string file() const { return directory_ + "/ledger.db"; }
    [[nodiscard]] ledger::audit_result audit() { return ledger::audit(*founder_); }

private:
    std::string directory_;
    std::unique_ptr<SQLite::Database> founder_;
};

/// Each turn has a new ledger.
class sqlite_books : public bench::books {
public:
    [[nodiscard]] std::vector<bench::way> ways() override {
        return bench::ways([this] { return current_->file(); });
    }
    void begin_turn() override { current_ = std::make_unique<scratch_ledger>(); }
    void end_turn(std::uint64_t done) override {
        if (!current_->audit().balances(done)) throw std::runtime_error{"the books are wrong"};
    }

private:
    std::unique_ptr<scratch_ledger> current_;
};

}  // namespace

int main(int argc, char** argv) {
    return bench::run_real_work(argc, argv,
                                {.program = "pooly_sqlite_benchmarks",
                                 .purpose = "transfers in a SQLite file, by how a thread gets its connection",
                                 .yardstick = "pooly",
                                 .clients = {2, 8},
                                 .size = 4,
                                 .takes_host = false,
                                 .open = [](const std::string&) { return std::make_unique<sqlite_books>(); }});
}
