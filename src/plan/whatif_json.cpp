#include <tandem/whatif.h>

#include <nlohmann/json.hpp>

namespace tandem {

namespace {

using json = nlohmann::ordered_json;

json json_of(const whatif_copies& of) { return {{"count", of.count}, {"bytes", of.bytes}, {"us", of.us}}; }

json json_of(const whatif_site& of) {
  return {{"evaluations", of.evaluations},
          {"on_device", of.on_device},
          {"unmeasured", of.unmeasured},
          {"here_us", of.here_us},
          {"predicted_us", of.there_us()},
          {"predicted_host_us", of.there_host_us},
          {"predicted_device_us", of.there_device_us},
          {"to_device", json_of(of.to_device)},
          {"to_host", json_of(of.to_host)},
          {"speedup", of.speedup()}};
}

json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

}  // namespace

std::string to_json(const whatif_report& of) {
  json sites = json::array();
  for (const whatif_site& each : of.sites) {
    json site{{"where", or_null(each.where)}, {"expression", each.expression}};
    site.update(json_of(each));
    sites.push_back(std::move(site));
  }
  json arrays = json::array();
  for (const whatif_array& each : of.arrays) {
    arrays.push_back({{"what", each.what},
                      {"count", each.count},
                      {"bytes", each.bytes},
                      {"device_uses", each.device_uses},
                      {"host_uses", each.host_uses},
                      {"made_on_device", each.made_on_device},
                      {"to_device", json_of(each.to_device)},
                      {"to_host", json_of(each.to_host)},
                      {"advice", each.advice}});
  }
  const json whole{{"device", of.device},
                   {"simulated", of.is_simulated},
                   {"device_memory_bytes", of.device_memory_bytes},
                   {"device_source", of.device_source},
                   {"host_source", of.host_source},
                   {"total", json_of(of.total)},
                   {"sites", std::move(sites)},
                   {"arrays", std::move(arrays)}};
  return whole.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace tandem
