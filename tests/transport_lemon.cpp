// W1 of `rotgrad transport` against LEMON's network simplex on the lattice. Arguments: the program, a folder for files.
//
// Masses are whole numbers of sum 2^30, costs distances rounded to whole numbers of 2^-30 of the diameter: the simplex is exact,
// and the rounding changes W1 by less than 2^-31 diameters. Masses that both have stay where they are, which is optimal.
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using Whole = long long;
using Masses = std::vector<Whole>;
using Numbers = std::vector<double>;

static const Whole total = Whole(1) << 30, scale = Whole(1) << 30;
static std::mt19937_64 random_bits(20262);

struct Grid {
    std::vector<int> shape;
    std::vector<double> length;
    int cells() const {
        int n = 1;
        for (int s : shape) n *= s;
        return n;
    }
    double place(int cell, size_t axis) const {
        for (size_t a = shape.size() - 1; a > axis; a--) cell /= shape[a];
        return cell % shape[axis] * length[axis] / shape[axis];
    }
};

static double uniform() {
    return std::uniform_real_distribution<double>(0, 1)(random_bits);
}

// Whole numbers of the given sum, in proportion; what rounding leaves goes to the largest.
static Masses whole(const Numbers &density) {
    double sum = 0;
    for (double d : density) sum += d;
    Masses masses;
    Whole left = total;
    for (double d : density) {
        masses.push_back(Whole(d / sum * double(total)));
        left -= masses.back();
    }
    *std::max_element(masses.begin(), masses.end()) += left;
    return masses;
}

static Masses smooth(const Grid &g) {
    std::vector<double> phase;
    for (size_t a = 0; a < 2 * g.shape.size(); a++) phase.push_back(6 * uniform());
    Numbers p;
    for (int i = 0; i < g.cells(); i++) {
        double waves = 0;
        for (size_t a = 0; a < g.shape.size(); a++) {
            const double x = 2 * M_PI * g.place(i, a) / g.length[a];
            waves += 1.4 * std::cos(x + phase[2 * a]) + 0.5 * std::cos(2 * x + phase[2 * a + 1]);
        }
        p.push_back(std::exp(waves));
    }
    return whole(p);
}

static Masses rough(const Grid &g) {
    Numbers p;
    for (int i = 0; i < g.cells(); i++) p.push_back(std::pow(std::log(1 - uniform()), 2));
    return whole(p);
}

static Masses points(const Grid &g) {
    Numbers p(size_t(g.cells()), 0);
    for (int k = 1; k <= 3; k++) p[size_t(uniform() * g.cells())] += k;
    return whole(p);
}

static double distance(const Grid &g, int i, int j, bool free) {
    double square = 0;
    for (size_t a = 0; a < g.shape.size(); a++) {
        const double d = std::fabs(g.place(i, a) - g.place(j, a));
        square += std::pow(free ? d : std::min(d, g.length[a] - d), 2);
    }
    return std::sqrt(square);
}

static double exact(const Grid &g, const Masses &p, const Masses &q, bool free) {
    double diameter = 0;
    for (double l : g.length) diameter += l * l;
    const double unit = std::sqrt(diameter) / double(scale);
    lemon::SmartDigraph graph;
    std::vector<int> source, sink;
    for (int i = 0; i < g.cells(); i++) {
        const Whole difference = p[size_t(i)] - q[size_t(i)];
        if (difference) (difference > 0 ? source : sink).push_back(i);
    }
    graph.reserveArc(int(source.size() * sink.size()));
    std::vector<lemon::SmartDigraph::Node> node;
    for (size_t k = 0; k < source.size() + sink.size(); k++) node.push_back(graph.addNode());
    lemon::SmartDigraph::NodeMap<Whole> supply(graph);
    lemon::SmartDigraph::ArcMap<Whole> cost(graph);
    for (size_t s = 0; s < source.size(); s++) supply[node[s]] = p[size_t(source[s])] - q[size_t(source[s])];
    for (size_t t = 0; t < sink.size(); t++) {
        supply[node[source.size() + t]] = p[size_t(sink[t])] - q[size_t(sink[t])];
        for (size_t s = 0; s < source.size(); s++)
            cost[graph.addArc(node[s], node[source.size() + t])] =
                std::llround(distance(g, source[s], sink[t], free) / unit);
    }
    lemon::NetworkSimplex<lemon::SmartDigraph, Whole, Whole> simplex(graph);
    if (simplex.costMap(cost).supplyMap(supply).run() != simplex.OPTIMAL) std::exit(2);
    return simplex.totalCost<double>() * unit / double(total);
}

static void write_npy(const std::string &path, const Grid &g, const Masses &masses) {
    std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
    for (int s : g.shape) header += std::to_string(s) + ", ";
    header += "), }";
    header.resize((header.size() + 10 + 63) / 64 * 64 - 11, ' ');
    header += '\n';
    std::ofstream out(path, std::ios::binary);
    out << "\x93NUMPY" << char(1) << char(0) << char(header.size() % 256) << char(header.size() / 256) << header;
    for (Whole m : masses) {
        const double value = double(m);
        out.write(reinterpret_cast<const char *>(&value), sizeof value);
    }
}

static double number(const std::string &json, const std::string &key) {
    const size_t at = json.find("\"" + key + "\":");
    if (at == std::string::npos) std::exit(2);
    return std::strtod(json.c_str() + at + key.size() + 3, nullptr);
}

static std::string output_of(const std::string &command) {
    std::string text;
    FILE *pipe = popen(command.c_str(), "r");
    for (int c; pipe && (c = fgetc(pipe)) != EOF;) text += char(c);
    if (!pipe || pclose(pipe) != 0) std::exit(2);
    return text;
}

struct Kind {
    const char *name;
    Masses (*draw)(const Grid &);
};

static bool check(const char *program, const std::string &folder, const Grid &g, Kind first, Kind second, bool free) {
    const Masses p = first.draw(g), q = second.draw(g);
    write_npy(folder + "/p.npy", g, p);
    write_npy(folder + "/q.npy", g, q);
    std::string command = std::string(program) + " transport --scale --json --from " + folder + "/p.npy --to " +
                          folder + "/q.npy --box ",
                size;
    for (size_t a = 0; a < g.shape.size(); a++) {
        command += (a ? ",0:" : "0:") + std::to_string(g.length[a]);
        size += (a ? "x" : "") + std::to_string(g.shape[a]);
    }
    const std::string json = output_of(command + (free ? " --free" : ""));
    const auto began = std::chrono::steady_clock::now();
    const double wanted = exact(g, p, q, free);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const double value = number(json, "value"), error = number(json, "error");
    const double below = number(json, "lower") / number(json, "lipschitz");
    const bool good = std::fabs(value - wanted) <= error && below <= wanted * (1 + 1e-9);
    std::printf("%s %-8s %s-%s%s: exact %.6f (%.2f s) found %.6f +- %.6f, at least %.6f\n", good ? "ok  " : "FAIL",
                size.c_str(), first.name, second.name, free ? " free" : "", wanted, seconds, value, error, below);
    return good;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    const Kind even = {"smooth", smooth}, noise = {"rough", rough}, few = {"points", points};
    const Kind pairs[][2] = {{even, even}, {noise, even}, {noise, noise}, {few, even}, {few, few}};
    bool good = true;
    for (const Grid &g : {Grid{{16, 16}, {2.3, 1.7}}, Grid{{24, 19}, {2.3, 1.7}}, Grid{{32, 32}, {2.3, 1.7}},
                          Grid{{12, 12, 12}, {2.3, 1.7, 3.1}}})
        for (bool free : {false, true})
            for (const auto &pair : pairs) good = check(arguments[1], arguments[2], g, pair[0], pair[1], free) && good;
    const Grid large = {{64, 64}, {2.3, 1.7}};
    for (bool free : {false, true}) good = check(arguments[1], arguments[2], large, even, even, free) && good;
    return good ? 0 : 1;
}
