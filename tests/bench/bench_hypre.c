/* hypre's structured multigrid (PFMG) inside conjugate gradients on div(p grad phi) = div(p e), periodic, finite volumes
 * of second order with p averaged on faces: bench_hypre FILE POINTS TOLERANCE REPEATS.
 *
 * FILE holds POINTS^2 doubles of log p and twice as many of e. Prints the iterations and the median milliseconds of
 * assembly, set-up and solution. Processes share the rows. */
#include <HYPRE_struct_ls.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

struct problem {
    int n, first, rows; /* rows of axis 0 that this process holds */
    double *density, *e;
    double *entries, *right; /* (rows, n, 3): centre, next on axis 1, next on axis 0 */
    HYPRE_StructGrid grid;
    HYPRE_StructStencil stencil;
};

static void stop(const char *what) {
    fprintf(stderr, "bench_hypre: %s\n", what);
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

static void *memory(size_t count) {
    void *block = calloc(count, sizeof(double));
    if (!block) stop("out of memory");
    return block;
}

static void read_problem(struct problem *p, const char *path) {
    const size_t cells = (size_t)p->n * (size_t)p->n;
    p->density = memory(cells);
    p->e = memory(2 * cells);
    FILE *file = fopen(path, "rb");
    if (!file || fread(p->density, sizeof(double), cells, file) != cells ||
        fread(p->e, sizeof(double), 2 * cells, file) != 2 * cells)
        stop("cannot read the problem");
    fclose(file);
    for (size_t i = 0; i < cells; i++) p->density[i] = exp(p->density[i]);
}

static size_t cell(const struct problem *p, int i, int j) {
    return (size_t)((i + p->n) % p->n) * (size_t)p->n + (size_t)((j + p->n) % p->n);
}

static double between(const double *f, size_t a, size_t b) {
    return 0.5 * (f[a] + f[b]);
}

/* Of the cell (i, j): the face before and behind it on both axes. */
static void discretise(struct problem *p) {
    const double h = 6.283185307179586 / p->n;
    const size_t n = (size_t)p->n, cells = n * n;
    for (int row = 0; row < p->rows; row++)
        for (int j = 0; j < p->n; j++) {
            const int i = p->first + row;
            const size_t here = cell(p, i, j), at = (size_t)row * n + (size_t)j;
            const size_t next[] = {cell(p, i + 1, j), cell(p, i, j + 1)},
                         last[] = {cell(p, i - 1, j), cell(p, i, j - 1)};
            double centre = 0, flux = 0;
            for (int a = 0; a < 2; a++) {
                const double *e = p->e + (size_t)a * cells;
                const double behind = between(p->density, here, next[a]), before = between(p->density, last[a], here);
                centre += (behind + before) / (h * h);
                flux += (behind * between(e, here, next[a]) - before * between(e, last[a], here)) / h;
            }
            p->entries[3 * at] = centre;
            p->entries[3 * at + 1] = -between(p->density, here, next[1]) / (h * h);
            p->entries[3 * at + 2] = -between(p->density, here, next[0]) / (h * h);
            p->right[at] = -flux;
        }
}

/* hypre counts its first index fastest: that is axis 1. */
static void make_grid(struct problem *p) {
    int lower[] = {0, p->first}, upper[] = {p->n - 1, p->first + p->rows - 1}, period[] = {p->n, p->n};
    int offsets[3][2] = {{0, 0}, {1, 0}, {0, 1}};
    HYPRE_StructGridCreate(MPI_COMM_WORLD, 2, &p->grid);
    HYPRE_StructGridSetExtents(p->grid, lower, upper);
    HYPRE_StructGridSetPeriodic(p->grid, period);
    HYPRE_StructGridAssemble(p->grid);
    HYPRE_StructStencilCreate(2, 3, &p->stencil);
    for (int s = 0; s < 3; s++) HYPRE_StructStencilSetElement(p->stencil, s, offsets[s]);
}

static HYPRE_StructVector vector(const struct problem *p, double *values) {
    int lower[] = {0, p->first}, upper[] = {p->n - 1, p->first + p->rows - 1};
    HYPRE_StructVector v;
    HYPRE_StructVectorCreate(MPI_COMM_WORLD, p->grid, &v);
    HYPRE_StructVectorInitialize(v);
    if (values) HYPRE_StructVectorSetBoxValues(v, lower, upper, values);
    if (!values) HYPRE_StructVectorSetConstantValues(v, 0);
    HYPRE_StructVectorAssemble(v);
    return v;
}

static HYPRE_StructMatrix matrix(const struct problem *p) {
    int lower[] = {0, p->first}, upper[] = {p->n - 1, p->first + p->rows - 1}, entries[] = {0, 1, 2};
    HYPRE_StructMatrix m;
    HYPRE_StructMatrixCreate(MPI_COMM_WORLD, p->grid, p->stencil, &m);
    HYPRE_StructMatrixSetSymmetric(m, 1);
    HYPRE_StructMatrixInitialize(m);
    HYPRE_StructMatrixSetBoxValues(m, lower, upper, 3, entries, p->entries);
    HYPRE_StructMatrixAssemble(m);
    return m;
}

static HYPRE_StructSolver multigrid(void) {
    HYPRE_StructSolver solver;
    HYPRE_StructPFMGCreate(MPI_COMM_WORLD, &solver);
    HYPRE_StructPFMGSetMaxIter(solver, 1);
    HYPRE_StructPFMGSetTol(solver, 0);
    HYPRE_StructPFMGSetZeroGuess(solver);
    HYPRE_StructPFMGSetRelaxType(solver, 2); /* red-black Gauss-Seidel, symmetric */
    return solver;
}

/* Milliseconds; the iterations it took. */
static double solve(const struct problem *p, double tolerance, int *iterations) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    HYPRE_StructMatrix a = matrix(p);
    HYPRE_StructVector b = vector(p, p->right), x = vector(p, NULL);
    HYPRE_StructSolver inner = multigrid(), solver;
    HYPRE_StructPCGCreate(MPI_COMM_WORLD, &solver);
    HYPRE_StructPCGSetTol(solver, tolerance);
    HYPRE_StructPCGSetMaxIter(solver, 200);
    HYPRE_StructPCGSetTwoNorm(solver, 1);
    HYPRE_StructPCGSetPrecond(solver, HYPRE_StructPFMGSolve, HYPRE_StructPFMGSetup, inner);
    HYPRE_StructPCGSetup(solver, a, b, x);
    HYPRE_StructPCGSolve(solver, a, b, x);
    MPI_Barrier(MPI_COMM_WORLD);
    const double taken = 1e3 * (MPI_Wtime() - start);
    double residual = 1;
    HYPRE_StructPCGGetNumIterations(solver, iterations);
    HYPRE_StructPCGGetFinalRelativeResidualNorm(solver, &residual);
    if (!(residual <= tolerance)) stop("no convergence");
    HYPRE_StructPCGDestroy(solver);
    HYPRE_StructPFMGDestroy(inner);
    HYPRE_StructVectorDestroy(b);
    HYPRE_StructVectorDestroy(x);
    HYPRE_StructMatrixDestroy(a);
    return taken;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **words) {
    enum { MOST = 100 };
    int rank, ranks, iterations = 0;
    double taken[MOST];
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (count != 5) stop("usage: bench_hypre FILE POINTS TOLERANCE REPEATS");
    struct problem p = {.n = atoi(words[2])};
    const int repeats = atoi(words[4]);
    if (p.n < 4 || repeats < 1 || repeats > MOST) stop("a number is out of range");
    p.first = p.n * rank / ranks;
    p.rows = p.n * (rank + 1) / ranks - p.first;
    p.entries = memory(3 * (size_t)p.rows * (size_t)p.n);
    p.right = memory((size_t)p.rows * (size_t)p.n);
    read_problem(&p, words[1]);
    discretise(&p);
    make_grid(&p);
    (void)solve(&p, atof(words[3]), &iterations);
    for (int r = 0; r < repeats; r++) taken[r] = solve(&p, atof(words[3]), &iterations);
    qsort(taken, (size_t)repeats, sizeof *taken, ascending);
    if (rank == 0) printf("%d %.4f\n", iterations, taken[repeats / 2]);
    HYPRE_StructStencilDestroy(p.stencil);
    HYPRE_StructGridDestroy(p.grid);
    free(p.density);
    free(p.e);
    free(p.entries);
    free(p.right);
    MPI_Finalize();
    return 0;
}
