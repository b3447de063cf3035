// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <pooly/error.hpp>

// What a registry has to say to a person, in the shape of a pool's own errors.
namespace pooly::detail {

[[nodiscard]] inline pool_error registry_error(errc code, std::string_view name, std::string_view rest) {
    std::string text = "pooly: pool '";
    text.append(name).append("': ").append(make_error_code(code).message()).append(rest);
    return pool_error{code, std::move(text)};
}

/// `names` sorted. Of very many it tells those that come next to `name` in the alphabet, as its misspellings do.
[[nodiscard]] inline pool_error no_such_pool(std::string_view name, const std::vector<std::string>& names) {
    if (names.empty()) return registry_error(errc::no_such_pool, name, "; there is none at all. Add it first.");
    constexpr std::size_t most = 20;
    const auto place = static_cast<std::size_t>(std::lower_bound(names.begin(), names.end(), name) - names.begin());
    const std::size_t told = std::min(most, names.size());
    const std::size_t first = std::min(place - std::min(place, most / 2), names.size() - told);
    std::string text = "; there ";
    text.append(names.size() == 1 ? "is" : "are");
    for (std::size_t i = first; i < first + told; ++i)
        text.append(i == first ? " '" : ", '").append(names[i]).append("'");
    if (told < names.size()) text.append(" and ").append(std::to_string(names.size() - told)).append(" more");
    return registry_error(errc::no_such_pool, name, text.append(". Add it first, or ask for one that is there."));
}

[[nodiscard]] inline pool_error name_taken(std::string_view name) {
    return registry_error(errc::name_taken, name,
                          ", or is just being added. Get that one, remove it first, or choose another name.");
}

[[nodiscard]] inline pool_error wrong_type(std::string_view name, std::string_view held, std::string_view asked) {
    std::string text = ": it holds ";
    text.append(held).append(", asked for was ").append(asked).append(". Ask for the type it was added with.");
    return registry_error(errc::wrong_type, name, text);
}

[[nodiscard]] inline pool_error registry_closed(std::string_view name) {
    std::string text = "pooly: pool '";
    text.append(name).append("': not added, the registry is closed. Add pools before close_all(), or to a new one.");
    return pool_error{errc::closed, std::move(text)};
}

}  // namespace pooly::detail
