/*
 * libjpeg-turbo's coefficients, without pixels: in each region the DC values of the blocks are blurred and their AC
 * coefficients cleared; everything else is written back as it was read.
 *
 *     coefficients IN OUT [X,Y,WIDTH,HEIGHT]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { SIGMA = 70, PASSES = 3 };

struct rectangle {
    unsigned x, y, width, height;
};

static void fail(const char *what) {
    fprintf(stderr, "coefficients: %s\n", what);
    exit(1);
}

static unsigned smaller(unsigned a, unsigned b) { return a < b ? a : b; }

/* One box blur along `count` values that lie `step` apart; the first and the last value go on for ever. */
static void box(const int *from, int *to, int count, int step, int radius) {
    long sum = 0;
    for (int i = -radius; i <= radius; i++)
        sum += from[(i < 0 ? 0 : i >= count ? count - 1 : i) * step];
    for (int i = 0; i < count; i++) {
        int enters = i + radius + 1, leaves = i - radius;
        to[i * step] = (int)(sum / (2 * radius + 1));
        sum += from[(enters >= count ? count - 1 : enters) * step] - from[(leaves < 0 ? 0 : leaves) * step];
    }
}

/* Three box blurs each way, which come close to a Gaussian. Returns the array that holds the result. */
static int *blur(int *values, int *spare, int width, int height, int radius) {
    for (int pass = 0; pass < PASSES; pass++) {
        for (int y = 0; y < height; y++)
            box(values + y * width, spare + y * width, width, 1, radius);
        for (int x = 0; x < width; x++)
            box(spare + x, values + x, height, width, radius);
    }
    return values;
}

/* Hides one region in one component: every block that it touches. */
static void hide(struct jpeg_decompress_struct *in, jvirt_barray_ptr blocks, const jpeg_component_info *component,
                 struct rectangle face) {
    unsigned block_width = 8 * in->max_h_samp_factor / component->h_samp_factor;
    unsigned block_height = 8 * in->max_v_samp_factor / component->v_samp_factor;
    unsigned left = face.x / block_width, top = face.y / block_height;
    unsigned right = smaller((face.x + face.width + block_width - 1) / block_width, component->width_in_blocks);
    unsigned bottom = smaller((face.y + face.height + block_height - 1) / block_height, component->height_in_blocks);
    if (left >= right || top >= bottom)
        return;
    unsigned width = right - left, height = bottom - top;
    int *values = malloc(2 * sizeof(int) * width * height);
    if (!values)
        fail("no memory");

    for (unsigned y = 0; y < height; y++) {
        JBLOCKARRAY row = in->mem->access_virt_barray((j_common_ptr)in, blocks, top + y, 1, FALSE);
        for (unsigned x = 0; x < width; x++)
            values[y * width + x] = row[0][left + x][0];
    }
    int *blurred = blur(values, values + width * height, (int)width, (int)height, (int)(SIGMA / block_width));
    for (unsigned y = 0; y < height; y++) {
        JBLOCKARRAY row = in->mem->access_virt_barray((j_common_ptr)in, blocks, top + y, 1, TRUE);
        for (unsigned x = 0; x < width; x++) {
            memset(row[0][left + x], 0, sizeof(JBLOCK));
            row[0][left + x][0] = (JCOEF)blurred[y * width + x];
        }
    }
    free(values);
}

int main(int count, char **arguments) {
    if (count == 2 && !strcmp(arguments[1], "--version")) {
        printf("libjpeg-turbo %d.%d.%d\n", LIBJPEG_TURBO_VERSION_NUMBER / 1000000,
               LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000, LIBJPEG_TURBO_VERSION_NUMBER % 1000);
        return 0;
    }
    if (count < 3)
        fail("usage: coefficients IN OUT [X,Y,WIDTH,HEIGHT]...");
    FILE *source = fopen(arguments[1], "rb"), *target = fopen(arguments[2], "wb");
    if (!source || !target)
        fail("can't open the files");

    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct in = {.err = jpeg_std_error(&errors)};
    struct jpeg_compress_struct out = {.err = &errors};
    jpeg_create_decompress(&in);
    jpeg_create_compress(&out);
    jpeg_stdio_src(&in, source);
    jpeg_read_header(&in, TRUE);
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(&in);

    for (int i = 3; i < count; i++) {
        struct rectangle face;
        if (sscanf(arguments[i], "%u,%u,%u,%u", &face.x, &face.y, &face.width, &face.height) != 4)
            fail("not X,Y,WIDTH,HEIGHT");
        for (int component = 0; component < in.num_components; component++)
            hide(&in, blocks[component], &in.comp_info[component], face);
    }

    jpeg_copy_critical_parameters(&in, &out);
    jpeg_stdio_dest(&out, target);
    jpeg_write_coefficients(&out, blocks);
    jpeg_finish_compress(&out);
    jpeg_finish_decompress(&in);
    jpeg_destroy_compress(&out);
    jpeg_destroy_decompress(&in);
    return fclose(target) != 0;
}
